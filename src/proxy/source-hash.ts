import type { Backend } from './backend.js';
import type { Claimant } from './balancer.js';
import { mix } from './hash.js';
import type { Policy } from './policy.js';
import { RoundRobin } from './round-robin.js';

/** Sets neighbouring slots far apart: 2^32 over the golden ratio. */
const SLOT_STEP = 0x9e3779b1;

/**
 * Each client has its worker, by its address: the one that weighs most for it (rendezvous hashing). A weight depends on the
 * client and the slot alone, so whoever leaves or joins moves only its own share, and a reload, which keeps the slots,
 * moves nobody. A client without an address gets whoever's turn it is.
 */
export class SourceHash implements Policy {
  readonly #turns = new RoundRobin();

  choose(rotation: readonly Backend[], { source }: Claimant): Backend | undefined {
    if (source === undefined) return this.#turns.choose(rotation);
    let best: Backend | undefined;
    let most = -1;
    for (const backend of rotation) {
      if (backend.availability !== 'open') continue;
      const weight = mix(source ^ Math.imul(backend.slot + 1, SLOT_STEP));
      if (weight <= most) continue;
      best = backend;
      most = weight;
    }
    return best;
  }
}
