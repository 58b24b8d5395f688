import type { Backend } from './backend.js';
import type { Policy } from './policy.js';

/** Who has the fewest leases out; among equals each in turn, or an idle front would send everything to the first. */
export class LeastConnections implements Policy {
  #last = 0;

  choose(rotation: readonly Backend[]): Backend | undefined {
    let best: Backend | undefined;
    let at = this.#last;
    for (let tries = 0; tries < rotation.length; tries++) {
      at = at + 1 < rotation.length ? at + 1 : 0;
      const backend = rotation[at]!;
      if (!backend.hasRoom || (best !== undefined && backend.leases >= best.leases)) continue;
      best = backend;
      this.#last = at;
    }
    return best;
  }
}
