import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // closed meanwhile
  }
}

/** The ports of IPv4 that a process listens on, as everybody on the machine can find out. */
export function listeningPorts(pid: number): readonly number[] {
  const folder = `/proc/${pid}/fd`;
  const open = new Set(readdirSync(folder).map((descriptor) => targetOf(`${folder}/${descriptor}`)));
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'latin1').split('\n').slice(1);
  const columns = rows.map((row) => row.trim().split(/\s+/));
  const own = columns.filter(([, , , state, , , , , , inode]) => state === LISTEN && open.has(`socket:[${inode}]`));
  return own.map(([, local]) => Number.parseInt(local!.split(':')[1]!, 16));
}
