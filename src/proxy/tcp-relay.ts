import type { Balancer } from './balancer.js';
import { Book } from './book.js';
import type { Client } from './client.js';
import type { Relay } from './listener.js';
import { type LinkHost, TcpLink } from './tcp-link.js';

/** What an operator may say of connections. */
export interface TcpSettings {
  /** How long a worker may take to accept a connection, in milliseconds. */
  readonly connectTimeout: number;
  /** How long a connection may lie idle in both directions, in milliseconds; Infinity is "off". */
  readonly idleTimeout: number;
  /** How many bytes of a client are read while it waits for its worker. */
  readonly maxBufferSize: number;
}

/** How often connections are looked after, in milliseconds: one coarse timer for all. */
const SWEEP_MS = 500;

/** Balances connections: one lease and one upstream socket for the life of a client's connection. */
export class TcpRelay implements Relay, LinkHost {
  readonly balancer: Balancer;
  readonly book: Book;
  /** In force at once. */
  settings: TcpSettings;
  readonly #links = new Set<TcpLink>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(balancer: Balancer, settings: TcpSettings, book = new Book()) {
    this.balancer = balancer;
    this.book = book;
    this.settings = settings;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  get connections(): number {
    return this.#links.size;
  }

  accept(client: Client, closed: () => void): void {
    const link = new TcpLink(client, this, () => {
      this.#links.delete(link);
      closed();
    });
    this.#links.add(link);
    link.claim();
  }

  /** Open connections end by themselves, or with their worker. */
  finish(): void {}

  close(): void {
    clearInterval(this.#sweeper);
    for (const link of this.#links) link.close('stopped');
  }

  #sweep(): void {
    const now = performance.now();
    for (const link of this.#links) link.check(now);
  }
}
