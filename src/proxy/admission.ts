import { subscriberOf } from '../core/address.js';
import type { Journal } from '../core/journal.js';
import { AdmissionLog } from './admission-log.js';
import type { Client } from './client.js';
import type { Gate, Relay } from './listener.js';

/** How many client connections there may be. Infinity is "off". */
export interface AdmissionSettings {
  /** Over all public ports. */
  readonly maxConnections: number;
  /** Of one IPv4 address, or of one IPv6 /64. */
  readonly maxConnectionsPerAddress: number;
  /** How many may wait beyond these bounds. */
  readonly holdMax: number;
  /** How long one of them waits, in milliseconds. */
  readonly holdTimeout: number;
}

/** Where connections come from, and how many of them there are now. */
interface Origin {
  readonly name: string;
  open: number;
  parked: number;
}

/** All that come over Unix sockets: they have no address to be bounded by, and often one proxy stands behind all. */
const LOCAL = 'unix';

/** An accepted connection that waits, unread. */
interface Parked {
  readonly client: Client;
  readonly relay: Relay;
  readonly origin: Origin;
  readonly since: number;
}

/**
 * Stands between the listeners and their relays, and bounds how many connections come through.
 *
 * Beyond a bound a connection stays accepted, but unread, and is let through when there is room: first in, first out, past
 * those whose own address is at its bound. Beyond `holdMax` of these it is closed.
 *
 * A socket that is not read does not tell that its client is gone. Such a one keeps its place until it is let through, when
 * its relay sees the end at once, or until its time is up. Reading it to find out would mean to keep what it sends.
 */
export class Admission implements Gate {
  #settings: AdmissionSettings;
  readonly #log: AdmissionLog;
  #open = 0;
  readonly #origins = new Map<string, Origin>();
  /** In the order of arrival. */
  readonly #parked = new Set<Parked>();
  #timer: NodeJS.Timeout | undefined;
  #servesSoon = false;
  /** One for all connections, as long as nobody counts by address. */
  readonly #left = (): void => {
    this.#open--;
    if (this.#parked.size > 0) this.#serveSoon();
  };

  constructor(settings: AdmissionSettings, journal: Journal) {
    this.#settings = settings;
    this.#log = new AdmissionLog(journal);
  }

  /** How many connections were let through and are still open. */
  get open(): number {
    return this.#open;
  }

  /** How many connections wait. */
  get parked(): number {
    return this.#parked.size;
  }

  /** How many more connections may be open, or wait. */
  get places(): number {
    const { maxConnections, holdMax } = this.#settings;
    return maxConnections + holdMax - this.#open - this.#parked.size;
  }

  /** How many origins are kept in mind: none when no connection is counted by address, or waits. */
  get origins(): number {
    return this.#origins.size;
  }

  /**
   * Changes the bounds from now on. Raised ones let those who wait through at once; lowered ones close nothing that is open
   * or waits already. What was let through while the bound per address was off does not count for its address.
   */
  configure(settings: AdmissionSettings): void {
    this.#settings = settings;
    this.#serve();
    this.#expire();
  }

  admit(client: Client, relay: Relay): void {
    const { maxConnections, maxConnectionsPerAddress } = this.#settings;
    if (maxConnectionsPerAddress < Infinity || this.#open >= maxConnections) return this.#admitCounted(client, relay);
    this.#open++;
    relay.accept(client, this.#left);
  }

  /** Closes those that wait for `relay`: nothing was read of them, so nothing that they asked for was begun. */
  dismiss(relay: Relay): void {
    for (const parked of this.#parked) {
      if (parked.relay !== relay) continue;
      this.#unpark(parked);
      parked.client.socket.destroy();
    }
  }

  #admitCounted(client: Client, relay: Relay): void {
    if (client.ends === undefined) return void client.socket.destroy(); // reset since it was accepted
    const { address } = client;
    const origin = this.#originOf(address === undefined ? LOCAL : subscriberOf(address));
    if (this.#open < this.#settings.maxConnections && this.#hasRoom(origin)) this.#enter(client, relay, origin);
    else this.#park(client, relay, origin);
  }

  #originOf(name: string): Origin {
    let origin = this.#origins.get(name);
    if (origin === undefined) {
      origin = { name, open: 0, parked: 0 };
      this.#origins.set(name, origin);
    }
    return origin;
  }

  #forgetIfGone({ name, open, parked }: Origin): void {
    if (open === 0 && parked === 0) this.#origins.delete(name);
  }

  #hasRoom(origin: Origin): boolean {
    return origin.name === LOCAL || origin.open < this.#settings.maxConnectionsPerAddress;
  }

  #enter(client: Client, relay: Relay, origin: Origin): void {
    this.#open++;
    origin.open++;
    relay.accept(client, () => this.#leftFrom(origin));
  }

  #leftFrom(origin: Origin): void {
    const wasFull = this.#open >= this.#settings.maxConnections;
    this.#open--;
    origin.open--;
    // With room left in all, the rest waits for its own addresses.
    if (wasFull ? this.#parked.size > 0 : origin.parked > 0) this.#serveSoon();
    this.#forgetIfGone(origin);
  }

  #park(client: Client, relay: Relay, origin: Origin): void {
    if (this.#hasRoom(origin)) this.#log.full(this.#open, this.#parked.size);
    else this.#log.addressFull(origin.name, origin.open, origin.parked);
    if (this.#parked.size >= this.#settings.holdMax) {
      client.socket.destroy();
      this.#forgetIfGone(origin);
      return this.#log.refused();
    }
    origin.parked++;
    this.#parked.add({ client, relay, origin, since: performance.now() });
    if (this.#parked.size === 1) this.#expireIn(this.#settings.holdTimeout);
  }

  #unpark(parked: Parked): void {
    this.#parked.delete(parked);
    parked.origin.parked--;
    this.#forgetIfGone(parked.origin);
    if (this.#parked.size === 0) clearTimeout(this.#timer);
  }

  /** Not within the call that says that a connection has ended: a relay is in the middle of something there. */
  #serveSoon(): void {
    if (this.#servesSoon) return;
    this.#servesSoon = true;
    queueMicrotask(() => {
      this.#servesSoon = false;
      this.#serve();
    });
  }

  #serve(): void {
    for (const parked of this.#parked) {
      if (this.#open >= this.#settings.maxConnections) return;
      const { client, relay, origin } = parked;
      if (!this.#hasRoom(origin)) continue;
      this.#enter(client, relay, origin);
      this.#unpark(parked);
    }
  }

  /** All wait equally long, so one timer, for the oldest, serves for all. */
  #expireIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expire(), ms);
  }

  #expire(): void {
    const now = performance.now();
    for (const parked of this.#parked) {
      const ms = parked.since + this.#settings.holdTimeout - now;
      if (ms > 0) return this.#expireIn(Math.ceil(ms));
      this.#unpark(parked);
      parked.client.socket.destroy();
      this.#log.expired();
    }
  }
}
