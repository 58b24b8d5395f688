import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 100;

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
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const members = await Promise.all(processes.map((pid) => isMember(pid, leader)));
  return members.includes(true);
}

/** proc(5): `pid (comm) state ppid pgrp …`, and comm may hold anything, also blanks and brackets. */
async function isMember(pid: string, leader: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === String(leader) && state !== 'Z' && state !== 'X';
}
