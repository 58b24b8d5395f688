import type { Config } from '../core/config.js';
import type { Listening } from '../core/messages.cjs';
import type { Worker } from './worker.js';

/** The data path as the supervisor sees it; front.ts passes the real one. */
export interface DataPath {
  /**
   * Makes sure that clients can connect to a public port that a worker of the first generation opened. Idempotent: every
   * worker of that generation asks for it, and a second address of a port comes as a further call.
   *
   * @throws {ZdlbError} `start`, when the address is taken or not to be had
   */
  open(listening: Listening): Promise<void>;
  /** From this tick on, `config` holds: the settings of the generation that is about to serve. */
  configure(config: Config): void;
  /**
   * From this tick on, new work goes to `workers` (all of them ready) and to no others. The same workers may come again
   * with more doors, when a program opens a further port after it was ready. Empty while no worker is ready.
   */
  swap(workers: readonly Worker[]): void;
  /**
   * Resolves when `worker` holds no work any more. The worker is out of the rotation already, or (when zdlb stops) the
   * listeners are closed, so that no new work can come.
   */
  drain(worker: Worker): Promise<void>;
  /**
   * Asks `worker` at its private address for `path`; resolves when it answers 2xx.
   *
   * @throws {Error} that says what it answered instead; that it did not answer, when `signal` aborts
   */
  probe(worker: Worker, path: string, signal: AbortSignal): Promise<void>;
  /** What clients were answered with `worker`'s help since it started. */
  tally(worker: Worker): Tally;
  /** What `worker` has to do, and had since it started. */
  load(worker: Worker): Load;
}

/** Requests, or connections in tcp mode. */
export interface Load {
  /** Those that it holds. */
  readonly inFlight: number;
  /** Those that it was given. */
  readonly requests: number;
}

/** Answers, and how many of them were 5xx: the worker's own, or in its place (502, 504). */
export interface Tally {
  readonly answers: number;
  readonly errors: number;
}
