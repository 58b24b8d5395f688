import { readdirSync, readFileSync } from 'node:fs';

/** A process, as Linux tells of it (proc(5)). */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly isZombie: boolean;
  readonly command: string;
  readonly environment: string;
}

/** All processes of this machine. */
export function processTable(): readonly Process[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => read(Number(pid))).filter((process) => process !== undefined);
}

/** Undefined when it has ended meanwhile. */
function read(pid: number): Process | undefined {
  const stat = text(pid, 'stat');
  if (stat === '') return undefined;
  const [state, parent, group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    isZombie: state === 'Z' || state === 'X',
    command: text(pid, 'cmdline').replaceAll('\0', ' '),
    environment: text(pid, 'environ'),
  };
}

function text(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
