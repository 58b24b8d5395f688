import type { Backend } from './backend.js';
import type { Lease } from './lease.js';

/** How long a backend that could not be reached is passed over, in milliseconds. */
const SHUN_MS = 1_000;

/** Who waits for a lease. */
export interface Claimant {
  /** The lease is the claimant's, who releases it. May be called before `claim` returns. */
  claimed(lease: Lease): void;
  /** No backend was ready in time, or too many wait already. */
  refused(): void;
}

/** How claims wait while no backend is ready. */
export interface Hold {
  /** Milliseconds. */
  readonly timeout: number;
  /** How many may wait at a time. */
  readonly max: number;
}

/** The rotation of backends behind one public port, and the queue of claims that wait while none is ready. */
export class Balancer {
  /** In force for the next claim. */
  hold: Hold;
  #rotation: readonly Backend[] = [];
  #next = 0;
  /** First in, first out; each with the time until which it waits. */
  readonly #waiting = new Map<Claimant, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(hold: Hold) {
    this.hold = hold;
  }

  /** How many claims wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Gives `claimant` a lease at once, or as soon as a backend is ready, or refuses it. */
  claim(claimant: Claimant): void {
    const backend = this.#waiting.size === 0 ? this.#choose() : undefined;
    if (backend !== undefined) claimant.claimed(backend.lease());
    else if (this.#waiting.size < this.hold.max) this.#park(claimant);
    else claimant.refused();
  }

  /** Forgets a claimant that waits no longer. */
  withdraw(claimant: Claimant): void {
    this.#waiting.delete(claimant);
  }

  /** From this tick on, leases come from `next` and from nobody else. */
  swap(next: readonly Backend[]): void {
    const former = this.#rotation;
    this.#rotation = next;
    for (const backend of former) if (!next.includes(backend)) backend.leave();
    for (const backend of next) if (!former.includes(backend)) backend.join();
    this.#serveWaiting();
  }

  /** Passes over a backend that could not be reached, for a while. */
  shun(backend: Backend): void {
    if (backend.availability !== 'open') return;
    backend.shun();
    setTimeout(() => {
      backend.readmit();
      this.#serveWaiting();
    }, SHUN_MS).unref();
  }

  /** Refuses everyone who waits. */
  close(): void {
    this.swap([]);
    clearTimeout(this.#timer);
    for (const claimant of this.#takeWaiting(() => true)) claimant.refused();
  }

  /** Round robin over those that take work. */
  #choose(): Backend | undefined {
    for (let tries = 0; tries < this.#rotation.length; tries++) {
      this.#next = this.#next + 1 < this.#rotation.length ? this.#next + 1 : 0;
      const backend = this.#rotation[this.#next];
      if (backend?.availability === 'open') return backend;
    }
    return undefined;
  }

  #park(claimant: Claimant): void {
    this.#waiting.set(claimant, performance.now() + this.hold.timeout);
    if (this.#waiting.size === 1) this.#expireLater(this.hold.timeout);
  }

  /** The queue is in the order of its deadlines, so one timer serves for all. */
  #expireLater(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expire(), ms);
  }

  #expire(): void {
    const now = performance.now();
    for (const claimant of this.#takeWaiting((deadline) => deadline <= now)) claimant.refused();
    const [next] = this.#waiting.values();
    if (next !== undefined) this.#expireLater(Math.max(1, Math.ceil(next - performance.now())));
  }

  #takeWaiting(isDue: (deadline: number) => boolean): readonly Claimant[] {
    const due = [...this.#waiting].filter(([, deadline]) => isDue(deadline)).map(([claimant]) => claimant);
    for (const claimant of due) this.#waiting.delete(claimant);
    return due;
  }

  #serveWaiting(): void {
    for (const claimant of this.#waiting.keys()) {
      const backend = this.#choose();
      if (backend === undefined) return;
      this.#waiting.delete(claimant);
      claimant.claimed(backend.lease());
    }
    if (this.#waiting.size === 0) clearTimeout(this.#timer);
  }
}
