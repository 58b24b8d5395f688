// @ts-check
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** How often a process is looked at, and what it may use in between to count as at rest (ms). */
const LOOK_MS = 50;
const REST_MS = 1;
/** How long a process may take to come to rest (ms). */
const LIMIT_MS = 15_000;

/**
 * CPU time of a process and its threads so far (µs): what utime and stime of /proc/PID/stat add up to, in nanoseconds
 * instead of ticks of 10 ms.
 *
 * @param {number} pid
 */
export function cpuTime(pid) {
  return ofLiving(pid, () => {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`))
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]);
    return nanoseconds / 1000;
  });
}

/** @param {readonly number[]} pids */
export function totalCpuTime(pids) {
  return pids.reduce((sum, pid) => sum + cpuTime(pid), 0);
}

/** Resident memory of a process (bytes). @param {number} pid */
export function residentMemory(pid) {
  const status = ofLiving(pid, () => readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/**
 * All that is measured must live as long as the run.
 *
 * @template T
 * @param {number} pid
 * @param {() => T} read
 */
function ofLiving(pid, read) {
  try {
    return read();
  } catch (error) {
    throw new Error(`process ${pid}, which was to be measured, has ended`, { cause: error });
  }
}

/** The child processes of a process that run `executable` (a real path). @param {number} pid @param {string} executable */
export function childrenOf(pid, executable) {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
    .filter((child) => child !== '')
    .map(Number)
    .filter((child) => executableOf(child) === executable);
}

/** @param {number} pid */
function executableOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return undefined; // it has ended
  }
}

/**
 * Resolves when the processes have nothing left to do: connections are closed and garbage is collected behind a load, and
 * that would be charged to whoever comes next.
 *
 * @param {readonly number[]} pids
 */
export async function atRest(pids) {
  const deadline = Date.now() + LIMIT_MS;
  for (let before = -Infinity, now = totalCpuTime(pids); now - before >= REST_MS * 1000; now = totalCpuTime(pids)) {
    if (Date.now() > deadline)
      throw new Error(`processes ${pids.join(', ')} are still busy ${LIMIT_MS / 1000} s after the load has ended`);
    before = now;
    await pause(LOOK_MS);
  }
}
