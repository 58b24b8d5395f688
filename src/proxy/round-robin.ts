import type { Backend } from './backend.js';
import type { Policy } from './policy.js';

/** Each in turn, as far as it has room. */
export class RoundRobin implements Policy {
  #last = 0;

  choose(rotation: readonly Backend[]): Backend | undefined {
    for (let tries = 0; tries < rotation.length; tries++) {
      this.#last = this.#last + 1 < rotation.length ? this.#last + 1 : 0;
      const backend = rotation[this.#last];
      if (backend?.hasRoom === true) return backend;
    }
    return undefined;
  }
}
