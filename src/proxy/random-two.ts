import type { Backend } from './backend.js';
import type { Policy } from './policy.js';

/**
 * Of two picked at random, the one with fewer leases out: nearly as even as looking at all of them, and several fronts over
 * the same workers don't all rush to the one that is idle.
 */
export class RandomTwo implements Policy {
  readonly #random: () => number;

  /** @param random from 0 up to, but not with, 1 */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  choose(rotation: readonly Backend[]): Backend | undefined {
    const count = rotation.length;
    if (count === 0) return undefined;
    const first = this.#below(count);
    // Any other than the first; of one there is no other.
    const second = count === 1 ? first : (first + 1 + this.#below(count - 1)) % count;
    const [one, other] = [rotation[first]!, rotation[second]!];
    if (one.hasRoom && other.hasRoom) return other.leases < one.leases ? other : one;
    const rest = rotation.filter((backend) => backend.hasRoom);
    return rest.length < count ? this.choose(rest) : undefined;
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}
