import type { Socket } from 'node:net';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import { Account } from './account.js';
import type { Backend } from './backend.js';
import type { Balancer, Claimant, Refusal } from './balancer.js';
import { Book } from './book.js';
import type { Client } from './client.js';
import { type End, refusedFor } from './end.js';
import type { Lease } from './lease.js';
import type { Relay } from './listener.js';
import { MAX_ATTEMPTS } from './upstream.js';

/** A worker that takes client connections as its own. */
export interface Recipient {
  /**
   * Offers it a connection that was not read from. Once it is `taken`, it is the worker's; with any other outcome the worker will
   * never read from it. Resolves in `ms` milliseconds at the latest.
   */
  take(client: Socket, port: number, ms: number): Promise<'taken' | 'refused' | 'missed' | 'lost'>;
}

/** What an operator may say of handing over. */
export interface HandOverSettings {
  /** How long a worker may take to take a connection, in milliseconds. */
  readonly connectTimeout: number;
}

/** Where connections go, and to whom. */
export interface Places {
  readonly port: number;
  readonly recipientOf: (backend: Backend) => Recipient | undefined;
}

/**
 * Balances connections, and hands each to its worker whole: nothing of it is read here. The lease ends when the worker has taken
 * it; from then on only the worker knows of it.
 */
export class HandOverRelay implements Relay {
  readonly #balancer: Balancer;
  readonly #places: Places;
  readonly #book: Book;
  /** In force from the next attempt on. */
  settings: HandOverSettings;
  readonly #held = new Set<HeldConnection>();

  constructor(balancer: Balancer, settings: HandOverSettings, places: Places, book = new Book()) {
    this.#balancer = balancer;
    this.settings = settings;
    this.#places = places;
    this.#book = book;
  }

  /** Those that no worker has taken yet. */
  get connections(): number {
    return this.#held.size;
  }

  accept(who: Client, closed: () => void): void {
    const client = who.socket;
    const held = new HeldConnection(who, this.#balancer, {
      offer: async ({ backend }) =>
        this.#places.recipientOf(backend)?.take(client, this.#places.port, this.settings.connectTimeout) ?? 'lost',
      closed: () => {
        this.#held.delete(held);
        closed();
      },
      account: new Account(this.#book),
    });
    this.#held.add(held);
    held.claim();
  }

  /** What is in hand was accepted, and still finds its worker. */
  finish(): void {}

  close(): void {
    for (const held of this.#held) held.close('stopped');
  }
}

/**
 *     claiming -> offered -> closed    taken: the worker has a descriptor of its own
 *     offered -> claiming              the worker did not take it, so anybody may have it
 *     any -> closed
 */
type State = 'claiming' | 'offered' | 'closed';

const MOVES: Moves<State> = {
  claiming: ['offered', 'closed'],
  offered: ['claiming', 'closed'],
  closed: [],
};

interface Surroundings {
  readonly offer: (lease: Lease) => ReturnType<Recipient['take']>;
  readonly closed: () => void;
  readonly account: Account;
}

/** A client connection from its acceptance until a worker has taken it. */
class HeldConnection implements Claimant {
  readonly #who: Client;
  readonly #client: Socket;
  readonly #balancer: Balancer;
  readonly #around: Surroundings;
  readonly #lifecycle = new Lifecycle<State>('A held connection', 'claiming', MOVES);
  #lease: Lease | undefined;

  constructor(who: Client, balancer: Balancer, around: Surroundings) {
    const client = who.socket;
    this.#who = who;
    this.#client = client;
    this.#balancer = balancer;
    this.#around = around;
    around.account.open();
    client.on('error', () => {}); // unread, it tells nothing until it is closed
  }

  get source(): number | undefined {
    return this.#who.hash;
  }

  /** Asks for a worker. */
  claim(): void {
    this.#around.account.claims();
    this.#balancer.claim(this, this.#around.account.attempts > 1);
    if (this.#lifecycle.is('claiming')) this.#around.account.waits();
  }

  claimed(lease: Lease): void {
    this.#lease = lease;
    this.#around.account.claimed(lease.backend);
    this.#lifecycle.to('offered');
    void this.#offer(lease);
  }

  refused(why: Refusal): void {
    this.close(refusedFor(why));
  }

  /** Ends the connection. Closing would not do: a descriptor may lie unread in the channel of a worker that is stuck. */
  close(end: End): void {
    if (this.#lifecycle.is('closed')) return;
    this.#client.destroySoon();
    this.#leave(end);
  }

  #leave(end: End): void {
    this.#around.account.close(end);
    this.#lifecycle.to('closed');
    this.#balancer.withdraw(this);
    this.#lease?.release();
    this.#around.closed();
  }

  /** The worker has a descriptor of its own. */
  #given(): void {
    this.#client.destroy();
    this.#leave('handed-over');
  }

  async #offer(lease: Lease): Promise<void> {
    const outcome = await this.#around.offer(lease);
    if (this.#lifecycle.is('closed')) return;
    if (outcome === 'taken') return this.#given();
    if (this.#around.account.attempts >= MAX_ATTEMPTS) return this.close('worker-unreachable');
    this.#lease = undefined;
    // Also one that refuses: its server has closed, and others may be left to ask.
    this.#balancer.shun(lease.backend);
    lease.release();
    this.#lifecycle.to('claiming');
    this.claim();
  }
}
