import type { Journal } from '../core/journal.js';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import { formatDuration } from '../core/quantity.js';
import { Backoff } from './backoff.js';
import type { Exit } from './exit.js';
import type { Worker } from './worker.js';

/**
 *     filled <-> waiting      its worker crashed; the successor starts after the backoff
 *     filled, waiting -> closed
 */
type SlotState = 'filled' | 'waiting' | 'closed';

const MOVES: Moves<SlotState> = {
  filled: ['waiting', 'closed'],
  waiting: ['filled', 'closed'],
  closed: [],
};

/** A numbered place in a generation, which a worker holds and its successor takes over. */
export class Slot {
  readonly number: number;
  readonly #hire: (slot: number) => Worker;
  readonly #journal: Journal;
  readonly #lifecycle: Lifecycle<SlotState>;
  readonly #backoff = new Backoff();
  #worker: Worker;
  #restarts = 0;

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

  /** How many successors it has seen. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Starts a successor when the backoff has passed. */
  refill(exit: Exit): void {
    const delayMs = this.#backoff.next(exit.servedMs ?? 0);
    this.#lifecycle.to('waiting');
    this.#lifecycle.after(delayMs, () => this.#fill());
    const when = delayMs === 0 ? 'now' : `in ${formatDuration(delayMs)}`;
    const message = `Worker ${this.number} is started anew ${when}`;
    this.#journal.warn({ event: 'worker.restarting', slot: this.number, delayMs }, message);
  }

  /** Sees no successor any more. */
  close(): void {
    this.#lifecycle.to('closed');
  }

  #fill(): void {
    this.#lifecycle.to('filled');
    this.#restarts++;
    this.#worker = this.#hire(this.number);
  }
}
