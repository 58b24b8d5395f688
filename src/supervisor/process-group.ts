import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { systemCode } from '../core/errors.js';

const POLL_MS = 100;
/** How many processes are looked at in one turn of the event loop: about 1 ms. */
const SHARE = 64;

/**
 * Signals every process of a group; false when there is none left. (macOS answers EPERM, not ESRCH, for a group of
 * zombies, and EPERM on Linux means that they are not ours to signal: nothing more to do in both.)
 */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leader, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends what an exited leader left behind: SIGTERM, and SIGKILL after `killTimeout` ms. Looks often in between: as long as the
 * group has members its number can't be given to anybody else, and once it has none it must not be signalled again.
 */
export async function endGroup(leader: number, killTimeout: number): Promise<void> {
  if (!signalGroup(leader, 'SIGTERM')) return;
  const deadline = performance.now() + killTimeout;
  while (performance.now() < deadline) {
    await delay(POLL_MS);
    if (!(await hasMembers(leader))) return;
  }
  signalGroup(leader, 'SIGKILL');
}

/**
 * Whether any process of a group still runs. Zombies don't, but signalling them succeeds: where nobody reaps orphans (a
 * container whose first process is zdlb, without an init) they would be waited for in vain each time.
 */
async function hasMembers(leader: number): Promise<boolean> {
  if (!signalGroup(leader, 0)) return false;
  if (process.platform !== 'linux') return true;
  return (await runningProcesses()).some(({ group }) => group === leader);
}

/** Whether a process runs, also one of another user. Zombies don't: where nobody reaps them, they would be taken for alive for ever. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) !== 'EPERM') return false;
  }
  const stat = procFile(`/proc/${pid}/stat`);
  return stat === '' || groupIn(stat) !== undefined; // where there is no such file, the signal has the last word
}

/** A process that runs, and the group that it belongs to. */
export interface Running {
  readonly pid: number;
  readonly group: number;
}

/** Every process of a Linux system but its zombies. */
export async function runningProcesses(): Promise<readonly Running[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const running: Running[] = [];
  for (const [index, pid] of pids.entries()) {
    if (index % SHARE === SHARE - 1) await nextTurn();
    const found = look(pid);
    if (found !== undefined) running.push(found);
  }
  return running;
}

/**
 * It is read at once: nothing waits for a disk here, and by way of the thread pool it costs six times as much (70 against 12 µs
 * a process).
 */
function look(pid: string): Running | undefined {
  const group = groupIn(procFile(`/proc/${pid}/stat`));
  return group === undefined ? undefined : { pid: Number(pid), group };
}

/** The group of a process that runs. proc(5): `pid (comm) state ppid pgrp …`, and comm may hold anything, also blanks and brackets. */
function groupIn(stat: string): number | undefined {
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === '' || state === 'Z' || state === 'X' ? undefined : Number(group);
}

/** Empty when the process has ended meanwhile. */
export function procFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
