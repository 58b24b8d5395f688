import type { Socket } from 'node:net';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import { Account } from './account.js';
import type { Balancer, Claimant, Refusal } from './balancer.js';
import type { Book } from './book.js';
import { ByteQueue } from './byte-queue.js';
import type { Client } from './client.js';
import { type End, refusedFor } from './end.js';
import type { Lease } from './lease.js';
import { output } from './output.js';
import { cut, drop, part } from './parting.js';
import { askUnread, onEnd } from './reset.js';
import type { TcpSettings } from './tcp-relay.js';
import { FINISH_MS, MAX_ATTEMPTS, isOwnWant, type Upstream, type UpstreamUser } from './upstream.js';
import { unsentBytes } from './writing.js';

/** How long a client may go without taking a byte of what its worker sent last, before it left. */
const CLIENT_FINISH_MS = 60_000;
/** How long a worker that is told of the end may have for its last words before its client is told as well. */
const FAREWELL_MS = 500;
/** How long a client that was told of the end is read over, so that no reset overtakes what it was sent. */
const LINGER_MS = 2_000;

/** Whom the links of one public port belong to. */
export interface LinkHost {
  readonly balancer: Balancer;
  readonly book: Book;
  readonly settings: TcpSettings;
}

/**
 *     claiming -> connecting -> joined -> closed
 *     connecting -> claiming                      the worker could not be reached
 *     joined -> leaving -> closed                 the worker is about to stop, and the connection ends before
 *     any -> closed
 */
type State = 'claiming' | 'connecting' | 'joined' | 'leaving' | 'closed';

const MOVES: Moves<State> = {
  claiming: ['connecting', 'closed'],
  connecting: ['claiming', 'joined', 'closed'],
  joined: ['leaving', 'closed'],
  leaving: ['closed'],
  closed: [],
};

/**
 * One client connection and its upstream socket.
 *
 * The client is read from the start, since a socket that is not read does not tell that it was reset; its first bytes wait.
 */
export class TcpLink implements Claimant, UpstreamUser {
  readonly #who: Client;
  readonly #client: Socket;
  readonly #host: LinkHost;
  readonly #closed: () => void;
  readonly #account: Account;
  readonly #early = new ByteQueue();
  readonly #lifecycle = new Lifecycle<State>('A link', 'claiming', MOVES);
  #lease: Lease | undefined;
  #upstream: Upstream | undefined;
  #clientHasEnded = false;
  /** How many bytes had moved when it was checked last, and since when no more have. */
  #moved = -1;
  #idleSince = 0;

  constructor(client: Client, host: LinkHost, closed: () => void) {
    this.#host = host;
    this.#closed = closed;
    this.#who = client;
    this.#account = new Account(host.book);
    this.#account.open();
    this.#client = client.read((bytes, length) => this.#received(bytes, length));
    onEnd(this.#client, () => this.#ended());
    this.#client
      .on('drain', () => this.#upstream?.socket.resume())
      .on('error', () => (this.#lifecycle.is('joined', 'leaving') ? this.#upstream?.reset() : this.close()))
      .on('close', () => this.#clientClosed());
  }

  get source(): number | undefined {
    return this.#who.hash;
  }

  /** Asks for a worker. */
  claim(): void {
    this.#account.claims();
    this.#host.balancer.claim(this, this.#account.attempts > 1);
    if (this.#lifecycle.is('claiming')) this.#account.waits();
  }

  claimed(lease: Lease): void {
    this.#lease = lease;
    this.#account.claimed(lease.backend);
    const upstream = lease.backend.connect(this);
    this.#upstream = upstream;
    this.#lifecycle.to('connecting');
    this.#lifecycle.after(this.#host.settings.connectTimeout, () => this.lost(upstream));
  }

  refused(why: Refusal): void {
    this.close(refusedFor(why));
  }

  connected(upstream: Upstream): void {
    this.#lifecycle.to('joined');
    const { ends } = this.#who;
    if (ends === undefined) return this.close();
    const preface = this.#lease!.backend.prefaceFor(ends);
    upstream.socket.write(Buffer.concat([preface, this.#early.bytes.subarray(0, this.#early.length)]));
    this.#early.clear();
    this.#lease!.lasts(() => this.#leave());
    this.#client.resume();
    if (this.#clientHasEnded) upstream.socket.end();
  }

  received(upstream: Upstream, bytes: Buffer, length: number): void {
    if (!this.#client.writable) return; // it was told of the end, and what comes behind that is read over
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
    this.#lease!.release(); // what the client has not taken yet is nothing that its worker is needed for
    if (this.#client.destroyed) this.close();
    else if (this.#lifecycle.is('leaving')) this.#linger();
    // A worker that was cut off cuts its client off too.
    else if (error !== undefined) this.#cutOff();
    else part(this.#client, CLIENT_FINISH_MS);
  }

  /** Looks after what no event tells: that nothing moves any more, or that a side has gone while it was not read. */
  check(now: number): void {
    askUnread(this.#client);
    if (this.#upstream !== undefined) askUnread(this.#upstream.socket);
    const { idleTimeout } = this.#host.settings;
    if (idleTimeout === Infinity || this.#lifecycle.is('claiming', 'connecting', 'closed')) return;
    const moved = movedBy(this.#client) + movedBy(this.#upstream!.socket);
    if (moved !== this.#moved) this.#idleSince = now;
    this.#moved = moved;
    if (now - this.#idleSince >= idleTimeout) this.close('timeout-idle');
  }

  /** Ends both sides at once. */
  close(end: End = this.#wayOut): void {
    if (this.#lifecycle.is('closed')) return;
    this.#account.close(end);
    this.#lifecycle.to('closed');
    this.#host.balancer.withdraw(this);
    output.flush();
    this.#upstream?.discard();
    drop(this.#client);
    this.#lease?.release();
    this.#closed();
  }

  /** How it ends when one of its ends has closed. */
  get #wayOut(): End {
    if (this.#lifecycle.is('leaving')) return 'retired';
    return this.#lifecycle.is('joined') ? 'complete' : 'client-left';
  }

  #cutOff(): void {
    this.#account.close('worker-lost');
    cut(this.#client);
  }

  #received(bytes: Buffer, length: number): void {
    if (this.#lifecycle.is('joined')) {
      if (!output.relay(this.#upstream!.socket, bytes, length)) this.#client.pause();
      return;
    }
    if (this.#lifecycle.is('leaving', 'closed')) return;
    this.#early.append(bytes, 0, length);
    if (this.#early.length >= this.#host.settings.maxBufferSize) this.#client.pause();
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
    if (!this.#lifecycle.is('joined', 'leaving') || this.#upstream!.socket.destroyed) this.close();
    else part(this.#upstream!.socket, FINISH_MS);
  }

  /** Ends both sides behind what is on its way to them: first the worker's, whose last words still pass. */
  #leave(): void {
    this.#lifecycle.to('leaving');
    output.flush();
    this.#upstream!.socket.end();
    this.#client.resume();
    this.#lifecycle.after(FAREWELL_MS, () => this.ended());
  }

  #linger(): void {
    this.#client.end();
    this.#lifecycle.after(LINGER_MS, () => part(this.#client, CLIENT_FINISH_MS));
  }

  /** Nothing was sent, so another worker may have the connection. */
  #tryAnother(upstream: Upstream, error: Error | undefined): void {
    upstream.discard();
    this.#upstream = undefined;
    // First, or its place would go to the next who waits.
    if (!isOwnWant(error)) this.#host.balancer.shun(this.#lease!.backend);
    this.#lease!.release();
    this.#lease = undefined;
    if (this.#account.attempts >= MAX_ATTEMPTS)
      return this.close(
        isOwnWant(error) ? 'exhausted' : error === undefined ? 'timeout-connect' : 'worker-unreachable',
      );
    this.#lifecycle.to('claiming');
    this.claim();
  }
}

/** How many bytes a side has sent, and has taken of what was there for it. */
const movedBy = (socket: Socket): number => socket.bytesRead - unsentBytes(socket);
