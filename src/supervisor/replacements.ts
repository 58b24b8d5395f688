import type { Journal } from '../core/journal.js';
import { messageOf } from '../core/errors.js';
import { formatDuration } from '../core/quantity.js';
import { Backoff } from './backoff.js';
import type { Ailment } from './checkup.js';
import type { Worker } from './worker.js';

/** Who brings a replacement about. */
export interface Replacer {
  /** Whether this is the time: not while a reload replaces everyone. */
  readonly mayReplace: () => boolean;
  /** Whether a worker still holds its slot. */
  readonly holds: (worker: Worker) => boolean;
  /** Resolves with the successor once it has taken over; undefined when the worker had left by then. */
  readonly replace: (worker: Worker) => Promise<Worker | undefined>;
}

interface Cause {
  readonly ailment: Ailment;
  readonly reason: string;
}

/** The workers that are to be replaced though they have not crashed. One at a time: the others serve meanwhile. */
export class Replacements {
  readonly #replacer: Replacer;
  readonly #journal: Journal;
  readonly #queue = new Map<Worker, Cause>();
  #backoff = new Backoff();
  #retry: NodeJS.Timeout | undefined;
  #isBusy = false;

  constructor(replacer: Replacer, journal: Journal) {
    this.#replacer = replacer;
    this.#journal = journal;
  }

  /** Replaces `worker` as soon as it is its turn. */
  request(worker: Worker, cause: Cause): void {
    if (this.#queue.has(worker)) return;
    this.#queue.set(worker, cause);
    this.resume();
  }

  /** Goes on, now that it may be the time again. Nobody waits behind those that have left meanwhile. */
  resume(): void {
    for (const worker of this.#queue.keys()) if (worker.state !== 'ready') this.#queue.delete(worker);
    if (this.#queue.size === 0) this.clear();
    if (!this.#isBusy && this.#retry === undefined) void this.#run();
  }

  /** Forgets everyone. */
  clear(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#queue.clear();
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#retry === undefined && this.#replacer.mayReplace()) {
      const [next] = this.#queue;
      if (next === undefined) break;
      await this.#replace(...next);
    }
    this.#isBusy = false;
  }

  async #replace(worker: Worker, cause: Cause): Promise<void> {
    if (!this.#replacer.holds(worker)) return void this.#queue.delete(worker);
    this.#tellStart(worker, cause);
    try {
      const successor = await this.#replacer.replace(worker);
      if (successor !== undefined) this.#tellEnd(worker, successor);
      this.#backoff = new Backoff();
      this.#queue.delete(worker);
    } catch (error) {
      if (!this.#replacer.holds(worker)) return void this.#queue.delete(worker); // it went down with its generation
      this.#queue.delete(worker);
      this.#queue.set(worker, cause); // behind the others
      this.#waitAfter(worker, messageOf(error));
    }
  }

  #tellStart({ slot, generation, pid }: Worker, { ailment, reason }: Cause): void {
    const message = `Worker ${slot} ${reason}: a successor is started and takes over when it is ready`;
    this.#journal.warn({ event: 'worker.replacing', slot, generation, pid, reason: ailment }, message);
  }

  #tellEnd({ slot, generation }: Worker, { pid }: Worker): void {
    this.#journal.info({ event: 'worker.replaced', slot, generation, pid }, `Worker ${slot} has been replaced`);
  }

  #waitAfter({ slot, generation }: Worker, reason: string): void {
    const delayMs = Math.max(1_000, this.#backoff.next(0));
    const message = `Worker ${slot} serves on, its successor failed: ${reason}. Tried again in ${formatDuration(delayMs)}`;
    this.#journal.error({ event: 'worker.not-replaced', slot, generation, reason, delayMs }, message);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.resume();
    }, delayMs);
    this.#retry.unref();
  }
}
