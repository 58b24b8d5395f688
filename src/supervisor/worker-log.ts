import type { Journal } from '../core/journal.js';
import { formatDuration } from '../core/quantity.js';
import type { Exit } from './exit.js';
import type { WorkerFailure } from './failure.js';

const MAX_QUOTE = 200;

/** Which worker an entry of the journal is about. */
export interface Author {
  readonly slot: number;
  readonly generation: number;
  /** Absent when the system would not start it. */
  readonly pid: number | undefined;
}

/** What the journal says of one worker. */
export class WorkerLog {
  readonly #journal: Journal;
  readonly #author: Author;
  readonly #name: string;

  constructor(journal: Journal, author: Author) {
    this.#journal = journal;
    this.#author = author;
    this.#name = `Worker ${author.slot}`;
  }

  started(): void {
    this.#journal.debug({ event: 'worker.started', ...this.#author }, `${this.#name} has been started`);
  }

  ready(ms: number): void {
    this.#journal.info(
      { event: 'worker.ready', ...this.#author, ms },
      `${this.#name} is ready after ${formatDuration(ms)}`,
    );
  }

  output(stream: 'stdout' | 'stderr', line: string): void {
    this.#journal.info({ event: 'worker.output', ...this.#author, stream }, line);
  }

  /** It did something, when it was ready already, that would have failed its start. */
  refused(complaint: string): void {
    this.#journal.warn({ event: 'worker.refused', ...this.#author, reason: complaint }, `${this.#name} ${complaint}`);
  }

  malformed(line: string): void {
    const message = `${this.#name} said something to zdlb that is no message: ${line.slice(0, MAX_QUOTE)}`;
    this.#journal.warn({ event: 'worker.malformed', ...this.#author }, message);
  }

  killed(stopSignal: string, killTimeout: number): void {
    const message = `${this.#name} is killed: it had not exited ${formatDuration(killTimeout)} after ${stopSignal}`;
    this.#journal.warn({ event: 'worker.killed', ...this.#author }, message);
  }

  /** `failure` tells it in words; `wasWanted` when the front had asked for it and had no complaint. */
  exited({ code, signal, from }: Exit, failure: WorkerFailure, wasWanted: boolean): void {
    const entry = { event: 'worker.exited', ...this.#author, code, signal, state: from };
    if (wasWanted) this.#journal.info(entry, `${this.#name} has stopped (${signal ?? `exit code ${code}`})`);
    else this.#journal.error({ ...entry, reason: failure.message }, failure.message);
  }
}
