import { readFileSync } from 'node:fs';

const KIB = 1024;

/** How much memory a process has now (bytes resident), and the most that it ever had. Linux tells both. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return { now: kilobytes(status, 'VmRSS') * KIB, peak: kilobytes(status, 'VmHWM') * KIB };
}

/** How many files a process may have open. Node raises its own limit to the hard one, and so do its children. */
export function openFilesLimit(): number {
  const [, , hard = '0'] = /^Max open files +(\S+) +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return hard === 'unlimited' ? Infinity : Number(hard);
}

function kilobytes(status: string, field: string): number {
  const [, value] = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status) ?? [];
  if (value === undefined) throw new Error(`No ${field} in the status of a process:\n${status}`);
  return Number(value);
}
