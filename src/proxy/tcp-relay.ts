import type { Socket } from 'node:net';
import type { Balancer, Claimant } from './balancer.js';
import { endsOf } from './client-address.js';
import type { Lease } from './lease.js';
import type { Relay } from './listener.js';
import { output } from './output.js';
import { readAccepted } from './reading.js';
import type { Upstream, UpstreamUser } from './upstream.js';

/** How many workers a connection is tried on before it is given up. */
const MAX_ATTEMPTS = 5;

/** Balances connections: one lease and one upstream socket for the life of a client's connection. */
export class TcpRelay implements Relay {
  readonly #balancer: Balancer;
  readonly #links = new Set<TcpLink>();

  constructor(balancer: Balancer) {
    this.#balancer = balancer;
  }

  get connections(): number {
    return this.#links.size;
  }

  accept(client: Socket): void {
    const link = new TcpLink(client, this.#balancer, () => this.#links.delete(link));
    this.#links.add(link);
    link.begin();
  }

  /** Open connections end by themselves, or with their worker. */
  finish(): void {}

  close(): void {
    for (const link of this.#links) link.close();
  }
}

/**
 * One client connection and its upstream socket:
 *
 *     claiming -> connecting -> joined -> closed      (any -> closed)
 *
 * The client is not read before its upstream socket stands: the kernel holds its first bytes.
 */
class TcpLink implements Claimant, UpstreamUser {
  readonly #accepted: Socket;
  readonly #balancer: Balancer;
  readonly #closed: () => void;
  #state: 'claiming' | 'connecting' | 'joined' | 'closed' = 'claiming';
  #client: Socket;
  #lease: Lease | undefined;
  #upstream: Upstream | undefined;
  #attempts = 0;

  constructor(accepted: Socket, balancer: Balancer, closed: () => void) {
    this.#accepted = accepted;
    this.#client = accepted;
    this.#balancer = balancer;
    this.#closed = closed;
  }

  begin(): void {
    this.#accepted.on('error', () => this.close());
    this.#balancer.claim(this);
  }

  claimed(lease: Lease): void {
    this.#lease = lease;
    this.#state = 'connecting';
    this.#attempts++;
    this.#upstream = lease.backend.connect(this);
  }

  refused(): void {
    this.close();
  }

  connected(upstream: Upstream): void {
    this.#state = 'joined';
    const ends = endsOf(this.#accepted);
    if (ends === undefined) return this.close();
    const preface = this.#lease!.backend.prefaceFor(ends);
    if (preface.length > 0) upstream.socket.write(preface);
    this.#join(upstream);
  }

  received(upstream: Upstream, bytes: Buffer, length: number): void {
    if (!output.relay(this.#client, bytes, length)) upstream.socket.pause();
  }

  ended(): void {
    this.#client.end();
  }

  drained(): void {
    this.#client.resume();
  }

  lost(upstream: Upstream, error: Error | undefined): void {
    if (this.#state === 'connecting') return this.#tryAnother(upstream);
    if (error !== undefined) this.#reset();
    else if (this.#client.destroyed) this.close();
    else this.#client.destroySoon();
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#balancer.withdraw(this);
    this.#upstream?.discard();
    this.#client.destroy();
    this.#lease?.release();
    this.#closed();
  }

  /** From here on bytes flow both ways, and each side's end is passed to the other (half-close). */
  #join(upstream: Upstream): void {
    this.#client = readAccepted(this.#accepted, (bytes, length) => {
      if (!output.relay(upstream.socket, bytes, length)) this.#client.pause();
    });
    this.#client
      .on('end', () => upstream.socket.end())
      .on('drain', () => upstream.socket.resume())
      .on('error', () => upstream.reset())
      .on('close', () => (upstream.socket.destroyed ? this.close() : upstream.socket.destroySoon()));
  }

  /** Nothing was sent, so another worker may have the connection. */
  #tryAnother(upstream: Upstream): void {
    upstream.discard();
    const backend = this.#lease!.backend;
    this.#lease!.release();
    this.#lease = undefined;
    this.#balancer.shun(backend);
    if (this.#attempts >= MAX_ATTEMPTS) return this.close();
    this.#state = 'claiming';
    this.#balancer.claim(this);
  }

  /** A worker that was cut off cuts its client off too. */
  #reset(): void {
    if (!this.#client.destroyed) this.#client.resetAndDestroy();
    this.close();
  }
}
