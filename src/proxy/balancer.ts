import { once } from 'node:events';
import { spread } from '../core/spread.cjs';
import type { Backend } from './backend.js';
import { HeldBack } from './held-back.js';
import type { Lease } from './lease.js';
import { type Policy, type PolicyName, makePolicy } from './policy.js';
import { Waiting } from './waiting.js';

/** How long a backend that could not be reached is passed over, in milliseconds. */
const SHUN_MS = 1_000;

/** Why a claim got no lease: too many wait already, it waited too long, or the port is closed at once. */
export type Refusal = 'full' | 'late' | 'closed';

/** Who waits for a lease. */
export interface Claimant {
  /** The slot whose worker it gets, if that takes work at all; undefined: whom the policy chooses. */
  readonly slot?: number | undefined;
  /** What stands for its client's address; undefined where it has none. */
  readonly source?: number | undefined;
  /** The lease is the claimant's, who releases it. May be called before `claim` returns. */
  claimed(lease: Lease): void;
  refused(why: Refusal): void;
}

/** How claims wait while no backend takes work. */
export interface Hold {
  /** Milliseconds. */
  readonly timeout: number;
  /** How many may wait at a time. */
  readonly max: number;
}

/** How work is shared out. */
export interface Sharing {
  readonly balance: PolicyName;
  /** How many leases of one backend may be out at a time; Infinity is "off". */
  readonly maxInFlight: number;
}

/** The rotation of backends behind one public port, and the claims that wait while none of them takes work. */
export class Balancer {
  #hold: Hold;
  #sharing: Sharing;
  #policy: Policy;
  #rotation: readonly Backend[] = [];
  /** Those who left it with work in hand. */
  readonly #former = new Set<Backend>();
  readonly #waiting = new Waiting();
  readonly #heldBack = new HeldBack();
  /** Aborted when nobody is to be let go any more. */
  #leaving = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** Those who have room again while claims wait. */
  readonly #freed = new Set<Backend>();
  #isServing = false;

  constructor(hold: Hold, sharing: Sharing = { balance: 'round-robin', maxInFlight: Infinity }) {
    this.#hold = hold;
    this.#sharing = sharing;
    this.#policy = makePolicy(sharing.balance);
  }

  /** How many claims wait. */
  get waiting(): number {
    return this.#waiting.size + this.#heldBack.size;
  }

  /** How many leases are out, and how many of these are for work that may last. */
  get out(): { readonly leases: number; readonly lasting: number } {
    const all = [...new Set([...this.#rotation, ...this.#former])];
    const sum = (key: 'leases' | 'lasting') => all.reduce((total, backend) => total + backend[key], 0);
    return { leases: sum('leases'), lasting: sum('lasting') };
  }

  /** In force for the next claim, and for those who wait: a higher bound, and how long they may. */
  configure(hold: Hold, sharing: Sharing): void {
    if (sharing.balance !== this.#sharing.balance) this.#policy = makePolicy(sharing.balance);
    this.#hold = hold;
    this.#sharing = sharing;
    for (const backend of this.#rotation) this.#limit(backend);
    this.#serveAll();
    this.#expireLater();
  }

  /**
   * Gives `claimant` a lease at once, or as soon as a backend has room, or refuses it.
   *
   * @param isAgain whether a worker was lost with its first lease: it had its turn, so it goes before those who had none
   */
  claim(claimant: Claimant, isAgain = false): void {
    if (this.#heldBack.isOn) return this.#holdBack(claimant, isAgain);
    const backend = this.#choose(claimant);
    if (backend?.hasRoom === true) claimant.claimed(backend.lease());
    else if (this.waiting < this.#hold.max) this.#park(claimant, backend?.slot, isAgain);
    else claimant.refused('full');
  }

  /** Forgets a claimant that waits no longer. */
  withdraw(claimant: Claimant): void {
    if (this.#waiting.size > 0) this.#waiting.remove(claimant);
    if (this.#heldBack.remove(claimant)) this.#endIfAllLeft();
  }

  /** From this tick on nobody gets a lease, until {@link resume}; those who wait for a backend neither. */
  pause(): void {
    this.#leaving.abort();
    this.#heldBack.begin();
    for (const claimant of this.#waiting.unline()) {
      this.#waiting.remove(claimant);
      this.#heldBack.add(claimant, false);
    }
  }

  /** Who claims from this tick on gets a lease; those who were held back do in the course of `ms` milliseconds. Resolves then. */
  async resume(ms: number): Promise<void> {
    this.#heldBack.end();
    this.#leaving.abort();
    if (this.#heldBack.size === 0) return;
    const leaving = new AbortController();
    this.#leaving = leaving;
    const gone = once(leaving.signal, 'abort');
    spread(
      () => this.#heldBack.claimants,
      (claimant) => this.#letGo(claimant),
      ms,
      leaving.signal,
    );
    await gone;
  }

  /** Refuses those who are held back, and whoever claims from now on. */
  shut(): void {
    this.#leaving.abort();
    for (const claimant of this.#heldBack.shut()) claimant.refused('closed');
  }

  /** From this tick on, leases come from `next` and from nobody else. */
  swap(next: readonly Backend[]): void {
    const former = this.#rotation;
    this.#rotation = next;
    for (const backend of former) if (!next.includes(backend)) this.#dismiss(backend);
    for (const backend of next) if (!former.includes(backend)) backend.join();
    for (const backend of next) this.#limit(backend);
    this.#serveAll();
  }

  /** Passes over a backend that could not be reached, for a while. */
  shun(backend: Backend): void {
    if (backend.availability !== 'open') return;
    backend.shun();
    setTimeout(() => {
      backend.readmit();
      this.#serveAll();
    }, SHUN_MS).unref();
    this.#serveAll(); // who waited for it need not
  }

  /** Refuses everyone who waits. */
  close(): void {
    this.swap([]);
    clearTimeout(this.#timer);
    this.shut();
    for (const claimant of this.#waiting.takeSince(Infinity)) claimant.refused('closed');
  }

  #choose(claimant: Claimant): Backend | undefined {
    const { slot } = claimant;
    const own = slot === undefined ? undefined : this.#openAt(slot);
    return own ?? this.#policy.choose(this.#rotation, claimant);
  }

  #openAt(slot: number): Backend | undefined {
    return this.#rotation.find((backend) => backend.slot === slot && backend.availability === 'open');
  }

  #dismiss(backend: Backend): void {
    backend.leave();
    if (backend.leases === 0) return;
    this.#former.add(backend);
    void backend.drained().then(() => this.#former.delete(backend));
  }

  #holdBack(claimant: Claimant, isAgain: boolean): void {
    if (!this.#heldBack.isShut && this.waiting < this.#hold.max) this.#heldBack.add(claimant, isAgain);
    else claimant.refused(this.#heldBack.isShut ? 'closed' : 'full');
  }

  /** One who was held back has no need to be counted again. */
  #letGo(claimant: Claimant): void {
    if (!this.#heldBack.remove(claimant)) return;
    this.#endIfAllLeft();
    const backend = this.#choose(claimant);
    if (backend?.hasRoom === true) claimant.claimed(backend.lease());
    else this.#park(claimant, backend?.slot, false);
  }

  /** Nobody is left to be let go: they were, or have left by themselves. */
  #endIfAllLeft(): void {
    if (this.#heldBack.size === 0) this.#leaving.abort();
  }

  #limit(backend: Backend): void {
    backend.limit(this.#sharing.maxInFlight, () => this.#freedAt(backend));
  }

  #park(claimant: Claimant, slot: number | undefined, isAgain: boolean): void {
    this.#waiting.add(claimant, slot, performance.now(), isAgain);
    if (this.#timer === undefined) this.#expireLater();
  }

  /** One timer serves for all. It is left to run when nobody waits any more: others will, when workers are busy. */
  #expireLater(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { since } = this.#waiting;
    if (since === undefined) return;
    const left = since + this.#hold.timeout - performance.now();
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(left)));
  }

  #expire(): void {
    for (const claimant of this.#waiting.takeSince(performance.now() - this.#hold.timeout)) claimant.refused('late');
    this.#expireLater();
  }

  #freedAt(backend: Backend): void {
    if (this.#waiting.size === 0) return;
    this.#freed.add(backend);
    // Who is served may fail and release at once, which would serve the next one, and so on, deeper and deeper.
    if (!this.#isServing) this.#serveFreed();
  }

  #serveFreed(): void {
    this.#isServing = true;
    for (const backend of this.#freed) {
      this.#freed.delete(backend);
      while (backend.hasRoom) {
        const claimant = this.#waiting.takeNext(backend.slot);
        if (claimant === undefined) break;
        claimant.claimed(backend.lease());
      }
    }
    this.#isServing = false;
  }

  /** Lets all who wait choose anew, since there are others to choose from. */
  #serveAll(): void {
    if (this.#waiting.size === 0) return;
    this.#isServing = true;
    for (const claimant of this.#waiting.unline()) this.#serve(claimant);
    // What was released meanwhile was kept for this moment.
    this.#serveFreed();
    this.#expireLater();
  }

  #serve(claimant: Claimant): void {
    if (!this.#waiting.has(claimant)) return;
    const backend = this.#choose(claimant);
    if (backend?.hasRoom !== true) return this.#waiting.line(claimant, backend?.slot);
    this.#waiting.remove(claimant);
    claimant.claimed(backend.lease());
  }
}
