import type { Backend } from './backend.js';

/** One claimed unit of work: a request in http mode, a connection in tcp mode. */
export class Lease {
  readonly backend: Backend;
  #isOut = true;

  /** Made by {@link Backend.lease} alone, which counts it in the same tick. */
  constructor(backend: Backend) {
    this.backend = backend;
  }

  /** Gives the work back; a second call does nothing. */
  release(): void {
    if (!this.#isOut) return;
    this.#isOut = false;
    this.backend.takeBack();
  }
}
