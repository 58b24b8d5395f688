import type { Journal } from '../core/journal.js';
import { formatDuration } from '../core/quantity.js';

/** A bound that was left for this long is news when it is reached again, in milliseconds. */
const CALM_MS = 60_000;
/** How often the closed ones are told, in milliseconds; by then they are counted. */
const TELL_MS = 5_000;

/** What the journal says of bounds that are reached. A flood of clients must not become a flood of entries. */
export class AdmissionLog {
  readonly #journal: Journal;
  #totalReachedAt = -Infinity;
  #addressReachedAt = -Infinity;
  #refused = 0;
  #expired = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** A connection has to wait, since `open` are open in all. */
  full(open: number, parked: number): void {
    const now = performance.now();
    const isNews = now - this.#totalReachedAt >= CALM_MS;
    this.#totalReachedAt = now;
    if (!isNews) return;
    const message = `${open} connections are open, as many as may be (--max-connections): further ones wait unread`;
    this.#journal.warn({ event: 'connections.full', bound: 'total', open, parked }, message);
  }

  /** A connection has to wait, since `open` of its own address are open. */
  addressFull(address: string, open: number, parked: number): void {
    const now = performance.now();
    const isNews = now - this.#addressReachedAt >= CALM_MS;
    this.#addressReachedAt = now;
    if (!isNews) return;
    const message = `${address} has ${open} connections open, as many as one address may (--max-connections-per-address): further ones wait unread`;
    this.#journal.warn({ event: 'connections.full', bound: 'address', address, open, parked }, message);
  }

  /** A connection was closed, since too many wait already. */
  refused(): void {
    this.#refused++;
    this.#tellLater();
  }

  /** A connection was closed, since it had waited too long. */
  expired(): void {
    this.#expired++;
    this.#tellLater();
  }

  #tellLater(): void {
    if (this.#refused + this.#expired === 1) setTimeout(() => this.#tell(), TELL_MS).unref();
  }

  #tell(): void {
    const [refused, expired] = [this.#refused, this.#expired];
    this.#refused = this.#expired = 0;
    const message = `${refused + expired} connections were closed unread within ${formatDuration(TELL_MS)}: ${refused} since too many wait (--hold-max), ${expired} since they had waited too long (--hold-timeout)`;
    this.#journal.warn({ event: 'connections.closed', refused, expired }, message);
  }
}
