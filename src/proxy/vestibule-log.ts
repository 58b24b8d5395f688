import { plainAddress } from '../core/address.js';
import { counted } from '../core/counted.js';
import type { Journal } from '../core/journal.js';
import { UNIX } from '../core/networks.js';
import { formatDuration } from '../core/quantity.js';

/** How often closed connections are told of, in milliseconds; meanwhile they are counted. */
const TELL_MS = 5_000;

/** What the journal says of connections that were closed for want of a PROXY header: one entry for many. */
export class VestibuleLog {
  readonly #journal: Journal;
  #timer: NodeJS.Timeout | undefined;
  #closed = 0;
  #last = '';

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** A connection of `peer` was closed; `reason` is the rest of the sentence "10.0.0.5 …". The first one is told of at once. */
  closed(peer: string, reason: string): void {
    this.#closed++;
    this.#last = `${inWords(peer)} ${reason}`;
    if (this.#timer !== undefined) return;
    this.#warn(`Closed a connection of a peer in --trust-proxy: ${this.#last}`);
  }

  /** Mostly a check of a load balancer's, which connects and leaves. */
  leftSilently(peer: string): void {
    this.#journal.debug(
      { event: 'proxy-header.none', peer },
      `${inWords(peer)} connected and left, with nothing to be served`,
    );
  }

  #warn(message: string): void {
    const closed = this.#closed;
    this.#closed = 0;
    this.#journal.warn({ event: 'proxy-header.closed', closed, last: this.#last }, message);
    this.#timer = setTimeout(() => this.#tell(), TELL_MS).unref();
  }

  #tell(): void {
    this.#timer = undefined;
    if (this.#closed === 0) return;
    const count = counted(this.#closed, 'more connection');
    this.#warn(
      `Closed ${count} of peers in --trust-proxy within ${formatDuration(TELL_MS)}, the last one: ${this.#last}`,
    );
  }
}

/** As it may be written in --trust-proxy. */
function inWords(peer: string): string {
  return peer === UNIX ? 'a peer at a Unix socket' : (plainAddress(peer) ?? peer);
}
