import type { WorkerFailure } from './failure.js';
import type { WorkerState } from './worker.js';

/** How a worker ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The state in which it ended; anything but `stopping` is a crash. */
  readonly from: WorkerState;
  /** How long it had been ready, in ms; absent when it never was. */
  readonly servedMs: number | undefined;
  /** The same in words, with its last lines: resolves once they have been read. */
  readonly failure: Promise<WorkerFailure>;
}

/** `exited with code 1 before it was ready: Error: no database`; `gist` is what its last lines come down to. */
export function inWords({ code, signal, from, servedMs }: Omit<Exit, 'failure'>, gist: string | undefined): string {
  const end = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
  const when = servedMs === undefined ? ' before it was ready' : '';
  // A signal has its reason elsewhere, and so has the end of a worker that was to stop.
  const why = gist === undefined || signal !== null || from === 'stopping' ? '' : `: ${gist}`;
  return end + when + why;
}
