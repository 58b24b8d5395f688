import type { Backend } from './backend.js';

/** One claimed unit of work: a request in http mode, a connection in tcp mode. */
export class Lease {
  readonly backend: Backend;
  #isOut = true;
  #leave: (() => void) | undefined;

  /** Made by {@link Backend.lease} alone, which counts it in the same tick. */
  constructor(backend: Backend) {
    this.backend = backend;
  }

  /** The work may last (a connection, a tunnel, a stream of events); `leave` ends it when its worker is about to stop. */
  lasts(leave: () => void): void {
    if (!this.#isOut) return;
    this.#leave = leave;
    this.backend.stay(this);
  }

  /** Ends work that lasts. */
  leave(): void {
    const leave = this.#forget();
    leave?.();
  }

  /** Gives the work back; a second call does nothing. */
  release(): void {
    if (!this.#isOut) return;
    this.#isOut = false;
    this.#forget();
    this.backend.takeBack();
  }

  #forget(): (() => void) | undefined {
    const leave = this.#leave;
    if (leave === undefined) return undefined;
    this.#leave = undefined;
    this.backend.forget(this);
    return leave;
  }
}
