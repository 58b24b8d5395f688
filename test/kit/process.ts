import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const LOOK_MS = 50;

/** Those of `pids` that still run; a process that only waits to be reaped does not. */
async function running(pids: readonly number[]): Promise<number[]> {
  // ps exits 1 when none of the processes exists.
  const table = await promisify(execFile)('ps', ['-o', 'pid=,stat=', '-p', pids.join(',')]).catch(() => ({
    stdout: '',
  }));
  const rows = table.stdout.split('\n').map((row) => row.trim().split(/\s+/));
  return rows.filter(([pid, stat]) => pid !== '' && stat?.startsWith('Z') === false).map(([pid]) => Number(pid));
}

/** Waits until none of `pids` runs any more, at most `ms`; resolves with those that do. */
export async function leftAfter(ms: number, pids: readonly number[]): Promise<number[]> {
  const deadline = performance.now() + ms;
  for (;;) {
    const left = await running(pids);
    if (left.length === 0 || performance.now() >= deadline) return left;
    // Nobody but its parent is told of a process's end, and its parent is gone.
    await pause(LOOK_MS);
  }
}
