import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { procFile, runningProcesses } from './process-group.js';

/** Within this many ms all workers share one look at the processes of the system. */
const FRESH_MS = 900;

/**
 * Resident memory in bytes of all processes of a group; 0 when it can't be found out. Pages that several of them share count
 * for each, as everywhere where resident memory is told.
 */
export async function groupMemory(leader: number): Promise<number> {
  return process.platform === 'linux'
    ? ofMembers((await members()).get(leader) ?? [])
    : bytesFromPs(await ps(), leader);
}

/** The process ids of each group. */
const members = shared(async (): Promise<ReadonlyMap<number, readonly number[]>> => {
  const groups = new Map<number, number[]>();
  for (const { pid, group } of await runningProcesses()) {
    const pids = groups.get(group);
    if (pids === undefined) groups.set(group, [pid]);
    else pids.push(pid);
  }
  return groups;
});

/** By proc(5), VmRSS is in units of 1024 bytes, whatever the size of a page. */
function ofMembers(pids: readonly number[]): number {
  const sizes = pids.map((pid) => /^VmRSS:\s+(\d+) kB$/m.exec(procFile(`/proc/${pid}/status`))?.[1]);
  return sizes.reduce((sum, size) => sum + Number(size ?? 0) * 1_024, 0);
}

const ps = shared(async () => {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pgid=,rss=']);
  return stdout;
});

/** Sums up what `ps -A -o pgid=,rss=` says of a group: a line a process, rss in units of 1024 bytes. */
export function bytesFromPs(table: string, leader: number): number {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return rows.reduce((sum, [group, size]) => (group === String(leader) ? sum + Number(size) * 1_024 : sum), 0);
}

function shared<T>(look: () => Promise<T>): () => Promise<T> {
  let latest: { readonly at: number; readonly result: Promise<T> } | undefined;
  return () => {
    const at = performance.now();
    if (latest === undefined || at - latest.at > FRESH_MS) latest = { at, result: look() };
    return latest.result;
  };
}
