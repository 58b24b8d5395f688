import type { Socket } from 'node:net';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import type { Balancer, Claimant } from './balancer.js';
import { ByteQueue } from './byte-queue.js';
import type { Client } from './client.js';
import type { Lease } from './lease.js';
import type { Relay } from './listener.js';
import { output } from './output.js';
import { MAX_ATTEMPTS, isOwnWant, type Upstream, type UpstreamUser } from './upstream.js';

/** What an operator may say of connections. */
export interface TcpSettings {
  /** How long a worker may take to accept a connection, in milliseconds. */
  readonly connectTimeout: number;
  /** How long a connection may lie idle in both directions, in milliseconds; Infinity is "off". */
  readonly idleTimeout: number;
  /** How many bytes of a client are read while it waits for its worker. */
  readonly maxBufferSize: number;
}

/** Balances connections: one lease and one upstream socket for the life of a client's connection. */
export class TcpRelay implements Relay {
  readonly #balancer: Balancer;
  /** In force from the next connection on. */
  settings: TcpSettings;
  readonly #links = new Set<TcpLink>();

  constructor(balancer: Balancer, settings: TcpSettings) {
    this.#balancer = balancer;
    this.settings = settings;
  }

  get connections(): number {
    return this.#links.size;
  }

  accept(client: Client, closed: () => void): void {
    const link = new TcpLink(client, this.#balancer, this.settings, () => {
      this.#links.delete(link);
      closed();
    });
    this.#links.add(link);
    this.#balancer.claim(link);
  }

  /** Open connections end by themselves, or with their worker. */
  finish(): void {}

  close(): void {
    for (const link of this.#links) link.close();
  }
}

/**
 *     claiming -> connecting -> joined -> closed
 *     connecting -> claiming                      the worker could not be reached
 *     any -> closed
 */
type State = 'claiming' | 'connecting' | 'joined' | 'closed';

const MOVES: Moves<State> = {
  claiming: ['connecting', 'closed'],
  connecting: ['claiming', 'joined', 'closed'],
  joined: ['closed'],
  closed: [],
};

/**
 * One client connection and its upstream socket.
 *
 * The client is read from the start, since a socket that is not read does not tell that it was reset; its first bytes wait.
 */
class TcpLink implements Claimant, UpstreamUser {
  readonly #who: Client;
  readonly #client: Socket;
  readonly #balancer: Balancer;
  readonly #settings: TcpSettings;
  readonly #closed: () => void;
  readonly #early = new ByteQueue();
  readonly #lifecycle = new Lifecycle<State>('A link', 'claiming', MOVES);
  #lease: Lease | undefined;
  #upstream: Upstream | undefined;
  #attempts = 0;
  #clientHasEnded = false;

  constructor(client: Client, balancer: Balancer, settings: TcpSettings, closed: () => void) {
    this.#balancer = balancer;
    this.#settings = settings;
    this.#closed = closed;
    this.#who = client;
    this.#client = client.read((bytes, length) => this.#received(bytes, length));
    this.#client
      .on('end', () => this.#ended())
      .on('drain', () => this.#upstream?.socket.resume())
      .on('error', () => (this.#lifecycle.is('joined') ? this.#upstream?.reset() : this.close()))
      .on('close', () => this.#clientClosed());
  }

  get source(): number | undefined {
    return this.#who.hash;
  }

  claimed(lease: Lease): void {
    this.#lease = lease;
    this.#attempts++;
    const upstream = lease.backend.connect(this);
    this.#upstream = upstream;
    this.#lifecycle.to('connecting');
    this.#lifecycle.after(this.#settings.connectTimeout, () => this.lost(upstream));
  }

  refused(): void {
    this.close();
  }

  connected(upstream: Upstream): void {
    this.#lifecycle.to('joined');
    const { ends } = this.#who;
    if (ends === undefined) return this.close();
    const preface = this.#lease!.backend.prefaceFor(ends);
    upstream.socket.write(Buffer.concat([preface, this.#early.bytes.subarray(0, this.#early.length)]));
    this.#early.clear();
    this.#client.resume();
    if (this.#clientHasEnded) upstream.socket.end();
  }

  received(upstream: Upstream, bytes: Buffer, length: number): void {
    if (!output.relay(this.#client, bytes, length)) upstream.socket.pause();
  }

  ended(): void {
    output.flush();
    this.#client.end();
  }

  drained(): void {
    this.#client.resume();
  }

  lost(upstream: Upstream, error?: Error): void {
    if (this.#lifecycle.is('connecting')) return this.#tryAnother(upstream, error);
    output.flush();
    // A worker that was cut off cuts its client off too.
    if (error !== undefined && !this.#client.destroyed) this.#client.resetAndDestroy();
    if (this.#client.destroyed) this.close();
    else this.#client.destroySoon();
  }

  close(): void {
    if (this.#lifecycle.is('closed')) return;
    this.#lifecycle.to('closed');
    this.#balancer.withdraw(this);
    this.#upstream?.discard();
    this.#client.destroy();
    this.#lease?.release();
    this.#closed();
  }

  #received(bytes: Buffer, length: number): void {
    if (this.#lifecycle.is('closed')) return;
    if (this.#lifecycle.is('joined')) {
      if (!output.relay(this.#upstream!.socket, bytes, length)) this.#client.pause();
      return;
    }
    this.#early.append(bytes, 0, length);
    if (this.#early.length >= this.#settings.maxBufferSize) this.#client.pause();
  }

  /** Each side's end is passed to the other (half-close). */
  #ended(): void {
    this.#clientHasEnded = true;
    if (!this.#lifecycle.is('joined')) return;
    output.flush();
    this.#upstream!.socket.end();
  }

  #clientClosed(): void {
    output.flush();
    if (!this.#lifecycle.is('joined') || this.#upstream!.socket.destroyed) this.close();
    else this.#upstream!.socket.destroySoon();
  }

  /** Nothing was sent, so another worker may have the connection. */
  #tryAnother(upstream: Upstream, error: Error | undefined): void {
    upstream.discard();
    this.#upstream = undefined;
    // First, or its place would go to the next who waits.
    if (!isOwnWant(error)) this.#balancer.shun(this.#lease!.backend);
    this.#lease!.release();
    this.#lease = undefined;
    if (this.#attempts >= MAX_ATTEMPTS) return this.close();
    this.#lifecycle.to('claiming');
    this.#balancer.claim(this, true);
  }
}
