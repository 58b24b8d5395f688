import type { Journal } from '../core/journal.js';
import { formatDuration } from '../core/quantity.js';
import type { Generation } from './generation.js';
import type { Drain } from './household.js';

/** The former generations that still finish what they hold. */
export class Retiring {
  readonly #journal: Journal;
  readonly #ends = new Set<Promise<void>>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Retires a generation; resolves when its last process is gone. */
  add(generation: Generation, drain: Drain): Promise<void> {
    const end = this.#retire(generation, drain);
    this.#ends.add(end);
    return end.finally(() => this.#ends.delete(end));
  }

  /** Resolves when `leaving` more, or all that there are, make no more than `max`: nothing is cut short to make room. */
  async room(max: number, leaving: number): Promise<void> {
    while (this.#ends.size > Math.max(0, max - leaving)) {
      const message = `The reload waits: ${this.#ends.size} former generations still finish what they hold`;
      this.#journal.info({ event: 'reload.waiting', retiring: this.#ends.size }, message);
      await Promise.race(this.#ends);
    }
  }

  /** Resolves when all that retire now are gone. */
  async end(): Promise<void> {
    await Promise.all(this.#ends);
  }

  async #retire(generation: Generation, drain: Drain): Promise<void> {
    const began = performance.now();
    await generation.retire(drain);
    const durationMs = Math.round(performance.now() - began);
    const message = `Generation ${generation.number} has retired after ${formatDuration(durationMs)}`;
    this.#journal.info({ event: 'generation.retired', generation: generation.number, durationMs }, message);
  }
}
