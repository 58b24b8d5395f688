import type { Listening } from '../core/messages.cjs';
import type { Worker } from './worker.js';

/** The data path as the supervisor sees it; front.ts passes the real one. */
export interface DataPath {
  /**
   * Makes sure that clients can connect to a public port that a worker of the first generation opened. Idempotent.
   *
   * @throws {ZdlbError} `start`, when the address is taken or not to be had
   */
  open(listening: Listening): Promise<void>;
  /** From this tick on, new work goes to `workers` (all of them ready) and to no others. */
  swap(workers: readonly Worker[]): void;
  /** Resolves when `worker`, out of the rotation already, holds no work any more. */
  drain(worker: Worker): Promise<void>;
}
