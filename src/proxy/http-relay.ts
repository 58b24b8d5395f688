import type { Balancer } from './balancer.js';
import { Book } from './book.js';
import type { Client } from './client.js';
import { HttpSession, type SessionHost } from './http-session.js';
import type { HttpSettings } from './http-settings.js';
import type { Relay } from './listener.js';

/** How often overdue connections are looked for, in milliseconds: one coarse timer instead of several for each request. */
const SWEEP_MS = 500;

/** Balances requests: client connections stay here, and every request goes to a worker of its own. */
export class HttpRelay implements Relay, SessionHost {
  readonly balancer: Balancer;
  readonly book: Book;
  /** In force from the next head on. */
  settings: HttpSettings;
  /** Each with whom to tell of its end. */
  readonly #sessions = new Map<HttpSession, () => void>();
  readonly #sweeper: NodeJS.Timeout;
  #isFinishing = false;

  constructor(balancer: Balancer, settings: HttpSettings, book = new Book()) {
    this.balancer = balancer;
    this.book = book;
    this.settings = settings;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  get connections(): number {
    return this.#sessions.size;
  }

  accept(client: Client, closed: () => void): void {
    const session = new HttpSession(client, this);
    this.#sessions.set(session, closed);
    if (this.#isFinishing) session.finish();
  }

  left(session: HttpSession): void {
    const closed = this.#sessions.get(session);
    this.#sessions.delete(session);
    closed?.();
  }

  finish(): void {
    this.#isFinishing = true;
    for (const session of this.#sessions.keys()) session.finish();
  }

  close(): void {
    clearInterval(this.#sweeper);
    for (const session of this.#sessions.keys()) session.close('stopped');
  }

  #sweep(): void {
    const now = performance.now();
    for (const session of this.#sessions.keys()) session.expire(now);
  }
}
