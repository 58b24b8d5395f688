import { setTimeout as sleep } from 'node:timers/promises';
import { ZdlbError } from './core/errors.js';
import type { Journal } from './core/journal.js';
import { Lifecycle, type Moves } from './core/lifecycle.js';
import { formatDuration } from './core/quantity.js';
import type { PublicPort } from './public-port.js';

/** How often one looks whether work is still in flight, in ms: only while somebody waits for it, so it costs the data path nothing. */
const LOOK_MS = 20;
/** Those who waited are let go in the course of so many ms for each of them, and of so many in all. */
const SPREAD_EACH_MS = 2;
const SPREAD_MS = 1_000;

/** How a pause stands. */
export interface PauseStatus {
  /** Requests and connections that are held back. */
  readonly held: number;
  /** Requests that workers still work on, and connections on their way to one. */
  readonly inFlight: number;
  /** Work that a pause does not wait for: WebSockets, streams of events, connections in tcp mode. */
  readonly lasting: number;
  /** When it ends by itself, in milliseconds. */
  readonly remainingMs: number;
}

/** How a pause ended. */
export interface Resumed {
  /** Whether there was one. */
  readonly wasPaused: boolean;
  /** How many requests and connections were let go. */
  readonly released: number;
}

/** What one who asked for a pause was promised. */
interface Grant {
  readonly ms: number;
  /** By the clock of `performance.now()`. */
  readonly endsAt: number;
}

/**
 *     off <-> on       on -> on: the time begins anew, or is a former grant's again
 *     any -> over      zdlb stops
 */
type State = 'off' | 'on' | 'over';

const MOVES: Moves<State> = {
  off: ['on', 'over'],
  on: ['on', 'off', 'over'],
  over: [],
};

/** The operator's pause: new requests and connections wait at the public ports, so that no worker works on anything. */
export class Pause {
  readonly #ports: Iterable<PublicPort>;
  readonly #journal: Journal;
  readonly #lifecycle = new Lifecycle<State>('The pause', 'off', MOVES);
  /** The latest counts, and stands last. There are none while there is no pause. */
  #grants: readonly Grant[] = [];

  constructor(ports: Iterable<PublicPort>, journal: Journal) {
    this.#ports = ports;
    this.#journal = journal;
  }

  /** Undefined when there is none. */
  get status(): PauseStatus | undefined {
    if (!this.#lifecycle.is('on')) return undefined;
    const remainingMs = Math.max(0, Math.round(this.#grants.at(-1)!.endsAt - performance.now()));
    return { held: this.#held, ...this.#work, remainingMs };
  }

  /**
   * Holds what comes from this tick on, for at most `ms` milliseconds. Resolves when nothing is in flight any more. A further one
   * begins that time anew.
   *
   * @param asker aborted when whoever asked has gone: if he has had no answer by then, it was for nothing
   * @throws {ZdlbError} `busy` when it ended before that; `stopping`
   */
  async begin(ms: number, asker?: AbortSignal): Promise<PauseStatus> {
    this.#assertNotOver('pause');
    if (asker?.aborted === true) throw new ZdlbError('busy', 'Cannot pause: whoever asked has gone');
    const grant = { ms, endsAt: performance.now() + ms };
    this.#obey([...this.#grants.filter(({ endsAt }) => endsAt > performance.now()), grant]);
    for (const port of this.#ports) port.pause();
    this.#journal.info({ event: 'paused', ms }, `Paused: what comes waits, at most ${formatDuration(ms)}`);
    const withdraw = () => this.#withdraw(grant);
    asker?.addEventListener('abort', withdraw);
    await this.#quiet().finally(() => asker?.removeEventListener('abort', withdraw));
    return this.status!;
  }

  /** Ends it; resolves when all that waited are let go, `spreadMs` milliseconds later, or sooner if they are few. */
  async end(spreadMs?: number): Promise<Resumed> {
    this.#assertNotOver('resume');
    if (!this.#lifecycle.is('on')) return { wasPaused: false, released: 0 };
    return this.#end(spreadMs, 'Resumed');
  }

  /** Brings a port that has just been opened into line. */
  join(port: PublicPort): void {
    if (this.#lifecycle.is('on')) port.pause();
  }

  /** zdlb stops. Who is held back is refused, and so is who comes: that no worker works on anything is what was promised. */
  stop(): void {
    if (this.#lifecycle.is('over')) return;
    const wasOn = this.#lifecycle.is('on');
    this.#lifecycle.to('over');
    this.#grants = [];
    if (wasOn) for (const port of this.#ports) port.shut();
  }

  get #held(): number {
    return [...this.#ports].reduce((sum, { waiting }) => sum + waiting, 0);
  }

  get #work(): { readonly inFlight: number; readonly lasting: number } {
    const all = [...this.#ports].map(({ out }) => out);
    const lasting = all.reduce((sum, out) => sum + out.lasting, 0);
    return { inFlight: all.reduce((sum, out) => sum + out.leases, 0) - lasting, lasting };
  }

  /** The latest of `grants` counts. */
  #obey(grants: readonly Grant[]): void {
    const { ms, endsAt } = grants.at(-1)!;
    this.#grants = grants;
    this.#lifecycle.to('on');
    this.#lifecycle.after(endsAt - performance.now(), () => {
      void this.#end(undefined, `The pause has ended by itself after ${formatDuration(ms)}`);
    });
  }

  /** Whoever it was granted to has gone, and has had no answer: the pause is what it was without him. */
  #withdraw(grant: Grant): void {
    if (!this.#grants.includes(grant)) return;
    const others = this.#grants.filter((other) => other !== grant && other.endsAt > performance.now());
    if (others.length > 0) this.#obey(others);
    else void this.#end(undefined, 'The pause has ended, since whoever asked for it has gone');
  }

  async #end(spreadMs: number | undefined, inWords: string): Promise<Resumed> {
    this.#lifecycle.to('off');
    this.#grants = [];
    const released = this.#held;
    this.#journal.info({ event: 'resumed', released }, `${inWords}: ${released} waited`);
    const ms = spreadMs ?? Math.min(SPREAD_MS, released * SPREAD_EACH_MS);
    await Promise.all([...this.#ports].map((port) => port.resume(ms)));
    return { wasPaused: true, released };
  }

  async #quiet(): Promise<void> {
    let { inFlight } = this.#work;
    while (this.#lifecycle.is('on') && inFlight > 0) {
      await sleep(LOOK_MS);
      ({ inFlight } = this.#work);
    }
    this.#assertNotOver('pause');
    if (this.#lifecycle.is('on')) return;
    const left = `${inFlight} ${inFlight === 1 ? 'request was' : 'requests were'} still in flight`;
    throw new ZdlbError('busy', `Cannot pause: ${left} when the pause ended. Nothing is held any more`);
  }

  #assertNotOver(verb: 'pause' | 'resume'): void {
    if (this.#lifecycle.is('over')) throw new ZdlbError('stopping', `Cannot ${verb}: zdlb is stopping`);
  }
}
