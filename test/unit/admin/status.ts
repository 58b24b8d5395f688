import type { Status, WorkerStatus } from '../../../src/admin/view/status.js';

/** A status as an instance with one worker of generation 1 shows it, but for what is given. */
export function statusOf(other: Partial<Status> = {}): Status {
  return {
    name: 'shop',
    pid: 1,
    version: '1.0.0',
    state: 'serving',
    uptimeMs: 60_000,
    generation: 1,
    listeners: [{ port: 8000, mode: 'http', addresses: [':8000'], connections: 0 }],
    workers: [workerOf(1)],
    reloads: { done: 0, failed: 0, lastError: null },
    ...other,
  };
}

export function workerOf(generation: number, other: Partial<WorkerStatus> = {}): WorkerStatus {
  return { slot: 0, pid: 2, generation, state: 'ready', restarts: 0, memoryBytes: 0, uptimeMs: 1_000, ...other };
}
