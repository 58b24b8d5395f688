import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The states of TCP sockets that matter here, as /proc/net/tcp numbers them; and what a socket without either file is. */
const TCP_STATES: Readonly<Record<string, string>> = { '01': 'TCP connected', '0A': 'TCP listening' };
const INODE = /^socket:\[(\d+)\]$/;

/** How many descriptors a process has open, by kind: `TCP listening`, `Unix socket`, `anon_inode:[eventpoll]`, a path … */
export function descriptorsOf(pid: number): Readonly<Record<string, number>> {
  const tcp = tcpSockets(pid);
  const counts: Record<string, number> = {};
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const kind = kindOf(target(pid, fd), tcp);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function target(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return 'closed meanwhile';
  }
}

function kindOf(link: string, tcp: ReadonlyMap<string, string>): string {
  const [, inode] = INODE.exec(link) ?? [];
  if (inode !== undefined) return tcp.get(inode) ?? 'Unix socket';
  return link.startsWith('pipe:') ? 'pipe' : link;
}

/** The state of each TCP socket of the network that the process is in, by inode. */
function tcpSockets(pid: number): ReadonlyMap<string, string> {
  const tables = ['tcp', 'tcp6'].map((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8'));
  const rows = tables.flatMap((table) => table.trim().split('\n').slice(1)).map((row) => row.trim().split(/\s+/));
  return new Map(rows.map((row) => [row[9]!, TCP_STATES[row[3]!] ?? `TCP in state ${row[3]}`]));
}
