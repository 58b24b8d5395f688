import { isIPv4 } from 'node:net';
import { plainAddress } from '../core/address.js';
import type { Door, PrivateAddress } from '../core/messages.cjs';
import { type Ends, type Header, encode } from '../core/proxy-protocol.cjs';
import { spread } from '../core/spread.cjs';
import { Lease } from './lease.js';
import { Pool } from './pool.js';
import { Tally } from './tally.js';
import { Upstream, type UpstreamUser } from './upstream.js';

/** How long an idle socket to a worker without an agent is used again, and how long before the time that it announced not. */
const MAX_UNGOVERNED_IDLE_MS = 2_000;
const KEEP_ALIVE_MARGIN_MS = 1_000;

/** `open`: takes new work; `shunned`: could not be reached a moment ago; `leaving`: out of the rotation. */
export type Availability = 'open' | 'shunned' | 'leaving';

/** What is known of a worker beside its door. */
export interface Traits {
  /** Where its answers are counted: a worker that opens its port anew goes on with the same. */
  readonly tally?: Tally;
  /** 0 by default. */
  readonly slot?: number;
  /** 0 by default. */
  readonly generation?: number;
  /** `--no-client-address` turns it off; on by default. */
  readonly showsClients?: boolean;
  /** `--send-proxy`: a worker without an agent understands PROXY headers; off by default. */
  readonly sendsProxy?: boolean;
}

/** One worker's address as the data path sees it: availability, leases out, and its pool of idle upstream sockets. */
export class Backend {
  /** What opens a connection that serves several clients in turn; empty for a worker without an agent. */
  readonly preface: Buffer;
  /** Whether an agent guards the worker's door and governs how long it keeps idle connections. */
  readonly hasAgent: boolean;
  /** Whether the agent gives the program the clients' addresses, and so is told them. */
  readonly showsClients: boolean;
  /** The worker's number within its generation, which its successor keeps. */
  readonly slot: number;
  /** Whose worker it is. */
  readonly generation: number;
  readonly address: PrivateAddress;
  readonly tally: Tally;
  /** Whether each of its connections serves one client only, and names it (`--send-proxy`). */
  readonly sendsProxy: boolean;
  readonly #secret: Buffer | undefined;
  readonly #pool = new Pool();
  readonly #waitingForDrain: (() => void)[] = [];
  readonly #waitingForLeave: (() => void)[] = [];
  #availability: Availability = 'leaving';
  #leases = 0;
  #maxLeases = Infinity;
  #hasRoomAgain: () => void = () => {};
  readonly #lasting = new Set<Lease>();

  constructor(door: Door, traits: Traits = {}) {
    const { tally = new Tally(), slot = 0, generation = 0, showsClients = true, sendsProxy = false } = traits;
    this.address = door.address;
    this.slot = slot;
    this.generation = generation;
    this.tally = tally;
    this.#secret = door.secret === undefined ? undefined : Buffer.from(door.secret, 'hex');
    this.hasAgent = this.#secret !== undefined;
    this.showsClients = this.hasAgent && showsClients;
    this.sendsProxy = sendsProxy;
    this.preface = this.#header({ command: 'LOCAL' });
  }

  get availability(): Availability {
    return this.#availability;
  }

  /** How many leases are out. */
  get leases(): number {
    return this.#leases;
  }

  /** How many of them are for work that may last: it ends when its client wants, or its worker leaves. */
  get lasting(): number {
    return this.#lasting.size;
  }

  /** Whether it takes one more. */
  get hasRoom(): boolean {
    return this.#availability === 'open' && this.#leases < this.#maxLeases;
  }

  /** Has at most `max` leases out from now on; `then` is called when it was full and gets one back. */
  limit(max: number, then: () => void): void {
    this.#maxLeases = max;
    this.#hasRoomAgain = then;
  }

  /** Choosing a backend and counting the lease are one step, so that a drain can overlook nothing. */
  lease(): Lease {
    this.#leases++;
    this.tally.requests++;
    return new Lease(this);
  }

  /** Called by a lease that is released. */
  takeBack(): void {
    this.#leases--;
    if (this.#leases === this.#maxLeases - 1) this.#hasRoomAgain();
    if (this.#leases > 0 || this.#waitingForDrain.length === 0) return;
    for (const resolve of this.#waitingForDrain.splice(0)) resolve();
  }

  /** Called by a lease whose work may last, and when that has ended. */
  stay(lease: Lease): void {
    this.#lasting.add(lease);
  }

  forget(lease: Lease): void {
    this.#lasting.delete(lease);
  }

  /** Ends what lasts, spread over `ms` milliseconds, oldest first, as far as it does not end by itself; until `until` aborts. */
  disperse(ms: number, until: AbortSignal): void {
    spread(() => [...this.#lasting], leave, ms, until);
  }

  /** Resolves when no lease is out. */
  async drained(): Promise<void> {
    if (this.#leases === 0) return;
    await new Promise<void>((resolve) => this.#waitingForDrain.push(resolve));
  }

  /** Takes no new work for now. */
  shun(): void {
    if (this.#availability === 'open') this.#availability = 'shunned';
  }

  /** Takes new work again. */
  readmit(): void {
    if (this.#availability === 'shunned') this.#availability = 'open';
  }

  /** Takes new work from now on, also if it has left before. */
  join(): void {
    this.#availability = 'open';
  }

  /** Takes no new work any more. Its idle sockets close from this side, where no request can be under way on them. */
  leave(): void {
    this.#availability = 'leaving';
    this.#pool.clear();
    for (const then of this.#waitingForLeave.splice(0)) then();
  }

  /** Calls `then` when it leaves the rotation the next time, for whoever else keeps sockets to it. */
  onceLeaving(then: () => void): void {
    this.#waitingForLeave.push(then);
  }

  /** The PROXY header for a connection that carries one client. */
  prefaceFor(ends: Ends): Buffer {
    if (this.sendsProxy) return this.#header({ command: 'PROXY', ends: plainEnds(ends) });
    return this.#header({ command: 'PROXY', ...(this.showsClients && { ends }) });
  }

  /** What opens a connection for a request of the client with these ends; others may follow on it, unless it names that one. */
  openingFor(ends: Ends | undefined): Buffer {
    return this.sendsProxy && ends !== undefined ? this.prefaceFor(ends) : this.preface;
  }

  /**
   * A socket that is connected and idle, now `user`'s. A worker without an agent closes idle sockets when it likes, and a
   * request can cross the close: so none for a request that may not be sent twice.
   */
  takeIdle(user: UpstreamUser, canReplay: boolean): Upstream | undefined {
    return this.hasAgent || canReplay ? this.#pool.take(user) : undefined;
  }

  /** A new socket; `user` hears of its connection or its loss. */
  connect(user: UpstreamUser): Upstream {
    return new Upstream(this.address, user);
  }

  /**
   * How long an idle socket may be used again, in milliseconds, if the worker says that it keeps it for `keepAliveTimeout`.
   * Only the front closes what an agent governs, whatever the program's own timeout was. What names one client serves no other.
   */
  idleTime(keepAliveTimeout: number): number {
    if (this.sendsProxy) return 0;
    return this.hasAgent ? Infinity : Math.min(MAX_UNGOVERNED_IDLE_MS, keepAliveTimeout - KEEP_ALIVE_MARGIN_MS);
  }

  /** Takes over a socket whose response is complete and whose worker keeps it open, as it says for `keepAliveTimeout` ms. */
  keep(upstream: Upstream, keepAliveTimeout: number): void {
    if (this.#availability === 'leaving') return upstream.discard();
    const ms = this.idleTime(keepAliveTimeout);
    if (ms > 0) this.#pool.put(upstream, ms === Infinity ? ms : performance.now() + ms);
    else upstream.discard();
  }

  #header(header: Header): Buffer {
    if (this.#secret === undefined) return this.sendsProxy ? encode(header) : Buffer.alloc(0);
    return encode({ ...header, secret: this.#secret });
  }
}

const leave = (lease: Lease): void => lease.leave();

/** A dual-stack port shows IPv4 clients as IPv6 ones; whoever has no such port need not know. */
function plainEnds(ends: Ends): Ends {
  if (ends.family !== 'IPv6') return ends;
  const sourceAddress = plainAddress(ends.sourceAddress);
  const destinationAddress = plainAddress(ends.destinationAddress);
  if (sourceAddress === undefined || destinationAddress === undefined) return ends;
  const isIPv4Both = isIPv4(sourceAddress) && isIPv4(destinationAddress);
  return isIPv4Both ? { ...ends, family: 'IPv4', sourceAddress, destinationAddress } : ends;
}
