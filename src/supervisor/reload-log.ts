import { messageOf, ZdlbError } from '../core/errors.js';
import type { Journal } from '../core/journal.js';
import { formatDuration } from '../core/quantity.js';
import { lastLinesOf, WorkerFailure } from './failure.js';
import type { ReloadsStatus } from './status.js';

export interface Reloaded {
  readonly generation: number;
  readonly durationMs: number;
}

/** How the reloads went, for the journal and the status. */
export class ReloadLog {
  readonly #journal: Journal;
  #status: ReloadsStatus = { done: 0, failed: 0 };

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get status(): ReloadsStatus {
    return this.#status;
  }

  started(generation: number): void {
    this.#journal.info({ event: 'reload.started', generation }, `Reload: starting generation ${generation}`);
  }

  done(reloaded: Reloaded): Reloaded {
    const { generation, durationMs } = reloaded;
    this.#status = { ...this.#status, done: this.#status.done + 1 };
    const message = `Reload done: generation ${generation} serves after ${formatDuration(durationMs)}`;
    this.#journal.info({ event: 'reload.done', generation, durationMs }, message);
    return reloaded;
  }

  /** The error to fail the reload with; `serving` is the generation that was not touched. */
  failed(generation: number, error: unknown, serving: number | undefined): ZdlbError {
    if (error instanceof ZdlbError && error.code === 'stopping') return error;
    const reason = messageOf(error);
    const lastLines = lastLinesOf(error);
    this.#status = { ...this.#status, failed: this.#status.failed + 1, lastError: reason };
    const message = `Reload failed, generation ${serving} serves on: ${reason}`;
    this.#journal.error({ event: 'reload.failed', generation, reason, lastLines }, message);
    return new WorkerFailure(reason, lastLines, 'worker', { cause: error });
  }
}
