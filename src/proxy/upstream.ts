import { type NetConnectOpts, type Socket, connect } from 'node:net';
import type { PrivateAddress } from '../core/messages.cjs';
import { systemCode } from '../core/errors.js';
import { output } from './output.js';
import { cut, part } from './parting.js';
import { ReadBuffer } from './read-buffer.js';
import { readingInto } from './reading.js';
import { onEnd } from './reset.js';

/** On how many workers a request or a connection is tried before its client is told. */
export const MAX_ATTEMPTS = 5;
/**
 * On how many of these attempts a client gets the worker that is its own (sticky, source-hash). The second is no waste: an idle
 * connection may be lost whose worker is well, and its sessions are nowhere else.
 */
export const MAX_FAITHFUL = 2;
/** How long a worker may go without taking a byte of what a client sent last, before it left. */
export const FINISH_MS = 10_000;

/** Whether a connection failed for want of something on this side, of which the worker knows nothing. */
export function isOwnWant(error: Error | undefined): boolean {
  return ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'].includes(systemCode(error) ?? '');
}

/** Who holds an upstream socket at the moment, and hears what happens on it. */
export interface UpstreamUser {
  connected(upstream: Upstream): void;
  /** The bytes are lent until the call returns. */
  received(upstream: Upstream, bytes: Buffer, length: number): void;
  /** The worker has sent its last byte. */
  ended(upstream: Upstream): void;
  /** The worker takes bytes again after a send that was backed up. */
  drained(upstream: Upstream): void;
  /** The socket is gone; the last call for it. */
  lost(upstream: Upstream, error: Error | undefined): void;
}

/** One socket to a worker. It outlives its users: between two requests it is the pool's. */
export class Upstream {
  readonly socket: Socket;
  readonly buffer = new ReadBuffer();
  user: UpstreamUser;
  /** Whether a request was sent on it before: then its silent death says nothing about this request. */
  isUsed = false;
  /** While idle: when it is not used again, on the clock of `performance.now()`. */
  staleAt = Infinity;
  #error: Error | undefined;

  constructor(address: PrivateAddress, user: UpstreamUser) {
    this.user = user;
    const onread = readingInto(this.buffer.next, (bytes, length) => this.user.received(this, bytes, length));
    this.socket = connect({ ...placeOf(address), allowHalfOpen: true, noDelay: true, onread } as NetConnectOpts);
    onEnd(this.socket, () => this.user.ended(this));
    this.socket
      .on('connect', () => this.user.connected(this))
      .on('drain', () => this.user.drained(this))
      .on('error', (error) => (this.#error = error))
      .on('close', () => this.user.lost(this, this.#error));
  }

  /** Passes on that the client has cut its connection. */
  reset(): void {
    cut(this.socket);
  }

  /** Ends it behind the bytes that are still to be sent, without a further word to its user. */
  finish(): void {
    this.user = NOBODY;
    output.flush();
    part(this.socket, FINISH_MS);
  }

  /** Ends it at once, without a further word to its user. */
  discard(): void {
    this.user = NOBODY;
    this.socket.destroy();
  }
}

function placeOf(address: PrivateAddress): NetConnectOpts {
  return 'path' in address ? { path: address.path } : { host: '127.0.0.1', port: address.port };
}

const NOBODY: UpstreamUser = { connected() {}, received() {}, ended() {}, drained() {}, lost() {} };
