import type { Journal } from '../core/journal.js';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import { formatDuration } from '../core/quantity.js';
import { Backoff } from './backoff.js';
import type { Exit } from './exit.js';
import type { Worker } from './worker.js';

/**
 *     filled <-> waiting      its worker crashed; the successor starts after the backoff
 *     filled <-> replacing    a successor starts beside its worker
 *     any -> closed
 */
type SlotState = 'filled' | 'waiting' | 'replacing' | 'closed';

const MOVES: Moves<SlotState> = {
  filled: ['waiting', 'replacing', 'closed'],
  waiting: ['filled', 'closed'],
  replacing: ['filled', 'closed'],
  closed: [],
};

/** A slot without a worker: one crashed, and the next is not to be started yet. */
export interface Vacancy {
  readonly slot: number;
  /** How many successors of crashed workers it has seen. */
  readonly restarts: number;
  /** Its workers crash again and again. */
  readonly isCrashLooping: boolean;
  /** Until the next worker is started. */
  readonly remainingMs: number;
  /** How the last one ended; absent while its last words are still being read. */
  readonly reason?: string;
}

/** Until when it lasts, by the clock of `performance.now()`; and how the worker ended, once its last words have been read. */
interface Opening {
  readonly until: number;
  reason?: string;
}

/** So many crashes without 60 s of service in between are called a loop. */
const LOOP = 5;

/** A numbered place in a generation, which a worker holds and its successor takes over. */
export class Slot {
  readonly number: number;
  /** Whether its worker may get work: not before its whole batch has proved itself. */
  isInService = false;
  readonly #hire: (slot: number) => Worker;
  readonly #journal: Journal;
  readonly #lifecycle: Lifecycle<SlotState>;
  readonly #backoff = new Backoff();
  #worker: Worker;
  #successor: Worker | undefined;
  #restarts = 0;
  #opening: Opening | undefined;

  constructor(number: number, hire: (slot: number) => Worker, journal: Journal) {
    this.number = number;
    this.#hire = hire;
    this.#journal = journal;
    this.#lifecycle = new Lifecycle<SlotState>(`Slot ${number}`, 'filled', MOVES);
    this.#worker = hire(number);
  }

  /** The one that holds the slot; an exited one while its successor waits. */
  get worker(): Worker {
    return this.#worker;
  }

  /** How many successors of crashed workers it has seen. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Whether its workers crash again and again. */
  get isCrashLooping(): boolean {
    return this.#backoff.crashes >= LOOP;
  }

  /** Undefined while it has a worker. */
  get vacancy(): Vacancy | undefined {
    if (this.#opening === undefined || !this.#lifecycle.is('waiting')) return undefined;
    const { number: slot, restarts, isCrashLooping } = this;
    const { until, ...end } = this.#opening;
    return { slot, restarts, isCrashLooping, remainingMs: Math.max(0, Math.round(until - performance.now())), ...end };
  }

  /** Its worker has crashed: starts a successor when the backoff has passed, or lets the one that starts already have the slot. */
  refill(exit: Exit): void {
    if (this.#successor?.state === 'exited') this.#keep(); // it went first, and its last words are still being read
    if (this.#successor !== undefined) return this.#succeed();
    const delayMs = this.#backoff.next(exit.servedMs ?? 0);
    this.#lifecycle.to('waiting');
    this.#lifecycle.after(delayMs, () => this.#fill());
    const opening: Opening = { until: performance.now() + delayMs };
    this.#opening = opening;
    void exit.failure.then(({ message }) => (opening.reason = message)); // of this one, though the next may have crashed by then
    const when = delayMs === 0 ? 'now' : `in ${formatDuration(delayMs)}`;
    const message = `Worker ${this.number} has ended, and is started anew ${when}`;
    this.#journal.warn({ event: 'worker.restarting', slot: this.number, delayMs }, message);
    if (this.#backoff.crashes === LOOP) this.#nameLoop();
  }

  /**
   * Starts a successor beside its worker, and gives it the slot when it is ready. The worker has left the slot then, and
   * its owner lets it go. False when the worker crashed meanwhile: the slot was the successor's at once.
   *
   * @throws {WorkerFailure} when the successor failed; the worker keeps the slot
   */
  async replace(): Promise<boolean> {
    this.#lifecycle.to('replacing');
    const successor = this.#hire(this.number);
    this.#successor = successor;
    try {
      await successor.ready;
    } catch (error) {
      if (this.#successor === successor) this.#keep();
      throw error;
    }
    if (this.#successor !== successor) return false;
    this.#succeed();
    return true;
  }

  /** Sees no successor any more; the workers that are to leave. */
  close(): readonly Worker[] {
    this.#lifecycle.to('closed');
    const leaving = this.#successor === undefined ? [this.#worker] : [this.#worker, this.#successor];
    this.#successor = undefined;
    return leaving;
  }

  #fill(): void {
    this.#lifecycle.to('filled');
    this.#restarts++;
    this.#worker = this.#hire(this.number);
  }

  #succeed(): void {
    this.#worker = this.#successor!;
    this.#keep();
  }

  #keep(): void {
    this.#successor = undefined;
    this.#lifecycle.to('filled');
  }

  #nameLoop(): void {
    const { crashes } = this.#backoff;
    const message = `Worker ${this.number} crashes again and again (${crashes} times by now); it is tried on, ever more slowly`;
    this.#journal.error({ event: 'worker.crash-looping', slot: this.number, crashes }, message);
  }
}
