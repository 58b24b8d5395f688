import { subscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Order } from '../core/messages.cjs';
import type { Channel } from './channel.cjs';
import type { Household } from './door.cjs';

/** What Node publishes when a request begins, before the program hears of it. */
interface Begun {
  readonly response: ServerResponse;
  readonly socket: Socket;
}

/** What @types/node leaves out: the server of an accepted socket. Those of HTTP can tell which connections are idle. */
interface Accepted {
  readonly server?: { closeIdleConnections?: () => void };
}

/** How soon a connection is closed that becomes idle when the time for idle ones is up (ms). */
const CLOSE_IDLE_EVERY_MS = 100;

/**
 * The way out of a worker that clients are connected to themselves.
 *
 *     serving -> retiring -> drained
 *
 * While it retires, an answer closes its connection, and says so before (`Connection: close`; GOAWAY in HTTP/2). A client whose
 * connection is idle knows nothing of it: were it closed, a request could cross the close and be lost. So it stays for one
 * more request, and is closed when the order's time is up.
 */
export class Retirement implements Household {
  readonly #channel: Channel;
  readonly #connections = new Set<Socket>();
  readonly #sessions = new Set<Http2Session>();
  /** The last request begun on each connection, and on each TLS socket within one. */
  readonly #latest = new Map<Socket, ServerResponse>();
  /** Connections that were answered for, and are about to arrive. */
  #expected = 0;
  #state: 'serving' | 'retiring' | 'drained' = 'serving';
  #closing: NodeJS.Timeout | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
    subscribe('http.server.request.start', (begun) => this.#begun(begun as Begun));
  }

  get hasBegun(): boolean {
    return this.#state !== 'serving';
  }

  /** A connection is about to arrive; what is returned says that it has, or won't. */
  expect(): () => void {
    this.#expected++;
    return () => {
      this.#expected--;
      this.#drainIfEmpty();
    };
  }

  arrived(socket: Socket): void {
    this.#connections.add(socket);
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#drainIfEmpty();
    });
  }

  session(session: Http2Session): void {
    if (this.hasBegun) return session.close();
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
  }

  obey({ idleMs }: Order): void {
    clearTimeout(this.#closing);
    if (!this.hasBegun) this.#begin();
    if (this.#state === 'retiring') this.#closeIdleIn(idleMs);
  }

  #begin(): void {
    this.#state = 'retiring';
    for (const response of this.#latest.values()) closeAfter(response);
    for (const session of this.#sessions) session.close();
    this.#drainIfEmpty();
  }

  #begun({ response, socket }: Begun): void {
    const former = this.#latest.get(socket);
    if (former === undefined) socket.once('close', () => this.#latest.delete(socket));
    this.#latest.set(socket, response);
    if (!this.hasBegun) return;
    // Of requests that a client sent one behind the other, the last one closes.
    if (former?.headersSent === false) former.shouldKeepAlive = true;
    closeAfter(response);
  }

  #closeIdleIn(ms: number): void {
    this.#closing = setTimeout(() => {
      const servers = new Set([...this.#connections].map((socket) => (socket as Accepted).server));
      for (const server of servers) server?.closeIdleConnections?.();
      this.#closeIdleIn(CLOSE_IDLE_EVERY_MS);
    }, ms).unref();
  }

  #drainIfEmpty(): void {
    if (this.#state !== 'retiring' || this.#connections.size + this.#expected > 0) return;
    this.#state = 'drained';
    clearTimeout(this.#closing);
    this.#channel.send({ type: 'drained' });
  }
}

/** Node writes the field with the head, and closes behind the body. A head that is sent has promised otherwise. */
function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.shouldKeepAlive = false;
}
