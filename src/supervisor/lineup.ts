import type { Generation } from './generation.js';
import type { Drain } from './household.js';
import type { Worker } from './worker.js';

/**
 * The generations with slots in service, the oldest first. Mostly it is one; several while a reload in batches is under way
 * or has stopped half way, and while a former generation is kept warm. A slot's work goes to the newest that holds it.
 */
export class Lineup {
  #generations: readonly Generation[] = [];

  /** The generation that took over last; undefined before the first has. */
  get newest(): Generation | undefined {
    return this.#generations.at(-1);
  }

  /** All of them, the oldest first. */
  get all(): readonly Generation[] {
    return this.#generations;
  }

  /** Those before the newest, the newest of them first. */
  get former(): readonly Generation[] {
    return this.#generations.slice(0, -1).toReversed();
  }

  /** Those that hold slots of their own, which no newer one holds; the newest first. */
  get holders(): readonly Generation[] {
    return this.#generations.toReversed().filter((generation) => this.slotsOf(generation).length > 0);
  }

  /** The workers that get work, by slot. */
  get rotation(): readonly Worker[] {
    return this.#generations
      .flatMap((generation) => {
        const slots = new Set(this.slotsOf(generation));
        return generation.rotation.filter(({ slot }) => slots.has(slot));
      })
      .toSorted((one, other) => one.slot - other.slot);
  }

  /** The slots that a generation holds and no newer one; none while it is kept warm. */
  slotsOf(generation: Generation): readonly number[] {
    if (generation.state === 'standby') return [];
    const newer = this.#generations.slice(this.#generations.indexOf(generation) + 1);
    return generation.slots.filter((slot) => newer.every(({ slotsInService }) => !slotsInService.includes(slot)));
  }

  add(generation: Generation): void {
    if (!this.#generations.includes(generation)) this.#generations = [...this.#generations, generation];
  }

  remove(generation: Generation): void {
    this.#generations = this.#generations.filter((other) => other !== generation);
  }

  /**
   * Sets the number of slots in all; resolves when the workers that join are ready. Those that leave do so behind it,
   * drained. Where several generations serve, the oldest, which has proved itself in all slots, gets the new ones.
   *
   * @throws {WorkerFailure} when one that joins failed; it is tried again
   */
  async resize(count: number, drain: Drain): Promise<void> {
    const { holders } = this;
    for (const generation of this.#generations) {
      void generation.leave(
        generation.slots.filter((slot) => slot >= count),
        drain,
      );
    }
    const held = new Set(holders.flatMap(({ slots }) => slots));
    const missing = Array.from({ length: count }, (_, slot) => slot).filter((slot) => !held.has(slot));
    await holders.at(-1)?.grow(missing);
  }

  /** Who serves what, for the log: `generation 3 (workers 0, 1) and generation 2 (workers 2, 3)`. */
  describe(): string {
    const { holders } = this;
    if (holders.length === 1) return `generation ${holders[0]!.number}`;
    return holders
      .map((generation) => `generation ${generation.number} (workers ${this.slotsOf(generation).join(', ')})`)
      .join(' and ');
  }
}
