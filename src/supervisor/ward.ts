import type { Journal } from '../core/journal.js';
import type { Worker } from './worker.js';

/**
 * The workers of a generation that ail. They get no new work, as far as others are there to take it: never more than half of
 * the ready ones are left out, those that have ailed for longest first. (A probe that fails everywhere says more about the
 * probe, or about what all workers need, than about each of them.)
 */
export class Ward {
  readonly #journal: Journal;
  readonly #changed: () => void;
  readonly #ailing = new Set<Worker>();

  /** @param changed called when others than before are fit */
  constructor(journal: Journal, changed: () => void) {
    this.#journal = journal;
    this.#changed = changed;
  }

  admit(worker: Worker, reason: string): void {
    this.#ailing.add(worker);
    this.#journal.warn(
      { event: 'worker.unhealthy', slot: worker.slot, generation: worker.generation, pid: worker.pid, reason },
      `Worker ${worker.slot} ${reason}: it gets no new work while others can take it`,
    );
    this.#changed();
  }

  discharge(worker: Worker): void {
    this.#ailing.delete(worker);
    this.#journal.info(
      { event: 'worker.healthy', slot: worker.slot, generation: worker.generation, pid: worker.pid },
      `Worker ${worker.slot} is well again`,
    );
    this.#changed();
  }

  /** It has ended. */
  forget(worker: Worker): void {
    this.#ailing.delete(worker);
  }

  has(worker: Worker): boolean {
    return this.#ailing.has(worker);
  }

  /** Those of the ready workers that may get work. */
  fit(ready: readonly Worker[]): readonly Worker[] {
    if (this.#ailing.size === 0) return ready;
    const ailing = [...this.#ailing].filter((worker) => ready.includes(worker));
    const out = new Set(ailing.slice(0, Math.floor(ready.length / 2)));
    return ready.filter((worker) => !out.has(worker));
  }
}
