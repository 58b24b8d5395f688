import type { Journal } from '../core/journal.js';
import type { Networks } from '../core/networks.js';
import type { Admission } from './admission.js';
import { Arrival, type ArrivalHost } from './arrival.js';
import type { Client } from './client.js';
import type { Gate, Relay } from './listener.js';
import { VestibuleLog } from './vestibule-log.js';

/** Whose connections open with a PROXY header. */
export interface VestibuleSettings {
  readonly acceptProxy: boolean;
  /** The peers that must send one; nobody else's is looked for. */
  readonly trustProxy: Networks;
  /** How long they may take over it, in milliseconds. */
  readonly headerTimeout: number;
}

/**
 * Where connections of trusted peers wait in front of the {@link Admission} until their PROXY header has come, since only
 * then it is known whose they are. All others pass as they come: the specification forbids to guess.
 */
export class Vestibule implements Gate, ArrivalHost {
  #settings: VestibuleSettings;
  readonly #next: Admission;
  readonly #log: VestibuleLog;
  /** In the order of arrival. */
  readonly #waiting = new Set<Arrival>();
  #timer: NodeJS.Timeout | undefined;

  constructor(next: Admission, settings: VestibuleSettings, journal: Journal) {
    this.#next = next;
    this.#settings = settings;
    this.#log = new VestibuleLog(journal);
  }

  /** How many connections wait for their header. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Holds for connections from now on; the time also for those that wait. */
  configure(settings: VestibuleSettings): void {
    this.#settings = settings;
    this.#expire();
  }

  admit(client: Client, relay: Relay): void {
    const { acceptProxy, trustProxy } = this.#settings;
    if (!acceptProxy) return this.#next.admit(client, relay);
    const { peer } = client;
    if (peer === undefined) return void client.socket.destroy(); // reset since it was accepted: nobody knows whose it was
    if (!trustProxy.trusts(peer)) return this.#next.admit(client, relay);
    if (this.#waiting.size >= this.#next.places) return this.#turnAway(client, peer);
    this.#waiting.add(new Arrival(client, peer, relay, this));
    if (this.#waiting.size === 1) this.#expireIn(this.#settings.headerTimeout);
  }

  /** Those whose header has been sent already come through within `graceMs`. */
  dismiss(relay: Relay, graceMs = 0): void {
    if (graceMs === 0) this.#clear(relay);
    else setTimeout(() => this.#clear(relay), graceMs).unref();
    this.#next.dismiss(relay);
  }

  announced(arrival: Arrival, client: Client): void {
    this.#forget(arrival);
    this.#next.admit(client, arrival.relay);
  }

  left(arrival: Arrival, reason?: string): void {
    this.#forget(arrival);
    if (reason === undefined) this.#log.leftSilently(arrival.peer);
    else this.#log.closed(arrival.peer, reason);
  }

  #turnAway({ socket }: Client, peer: string): void {
    socket.destroy();
    this.#log.closed(peer, `came when ${this.#waiting.size} connections waited for their PROXY headers already`);
  }

  #clear(relay: Relay): void {
    for (const arrival of this.#waiting) if (arrival.relay === relay) arrival.close();
  }

  #forget(arrival: Arrival): void {
    this.#waiting.delete(arrival);
    if (this.#waiting.size === 0) clearTimeout(this.#timer);
  }

  /** All may wait equally long, so one timer, for the oldest, serves for all. */
  #expireIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expire(), ms);
  }

  #expire(): void {
    const { headerTimeout } = this.#settings;
    const now = performance.now();
    for (const arrival of this.#waiting) {
      const ms = arrival.since + headerTimeout - now;
      if (ms > 0) return this.#expireIn(Math.ceil(ms));
      arrival.expire(headerTimeout);
    }
  }
}
