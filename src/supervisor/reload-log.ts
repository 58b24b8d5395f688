import { messageOf, ZdlbError } from '../core/errors.js';
import type { Journal } from '../core/journal.js';
import { formatDuration } from '../core/quantity.js';
import { lastLinesOf, WorkerFailure } from './failure.js';
import type { ReloadsStatus } from './status.js';

export interface Reloaded {
  readonly generation: number;
  readonly durationMs: number;
  /** For how long the former one is kept warm, to take over again; absent where it is not, or that time is over. */
  readonly watchMs?: number;
}

/** @param began by `performance.now()` */
export function reloadedSince(began: number, generation: number): Reloaded {
  return { generation, durationMs: Math.round(performance.now() - began) };
}

/** How the reloads went, for the journal and the status. */
export class ReloadLog {
  readonly #journal: Journal;
  #status: ReloadsStatus = { done: 0, failed: 0, lastError: null };

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

  /** So many of the wanted workers are new. */
  batchDone(ready: number, wanted: number): void {
    const message = `Reload: ${ready} of ${wanted} workers are new`;
    this.#journal.info({ event: 'reload.batch', ready, wanted }, message);
  }

  /** The new generation has taken over, and is compared with the former for a while. */
  watching(generation: number, former: readonly { readonly number: number }[], ms: number): void {
    const numbers = former.map(({ number }) => number);
    const message = `Reload: generation ${generation} serves, generation ${numbers.join(', ')} stays warm for ${formatDuration(ms)}`;
    this.#journal.info({ event: 'reload.watching', generation, former: numbers, ms }, message);
  }

  /** The error to fail the reload with; `serving` says who serves now. */
  failed(generation: number, error: unknown, serving: string): ZdlbError {
    if (error instanceof ZdlbError && error.code === 'stopping') return error;
    const lastLines = lastLinesOf(error);
    const message = this.#fail(error, serving, { generation, lastLines });
    return new WorkerFailure(message, lastLines, 'worker', { cause: error });
  }

  /** It was asked for with settings that can't be had, and has not begun. */
  refused(error: unknown, serving: string): void {
    this.#fail(error, serving, {});
  }

  #fail(error: unknown, serving: string, entry: { generation?: number; lastLines?: readonly string[] }): string {
    const reason = messageOf(error);
    this.#status = { ...this.#status, failed: this.#status.failed + 1, lastError: reason };
    const who = serving === '' ? '' : `, ${serving} serves on`; // nobody does yet, during the start
    const message = `Reload failed${who}: ${reason}`;
    this.#journal.error({ event: 'reload.failed', ...entry, reason }, message);
    return message;
  }
}
