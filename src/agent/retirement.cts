import { subscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Order } from '../core/messages.cjs';
import { spread } from '../core/spread.cjs';
import type { Channel } from './channel.cjs';
import type { Household } from './door.cjs';
import { idleConnections, type MaybeHttp } from './idle-connections.cjs';

/** What Node publishes when a request begins, before the program hears of it. */
interface Begun {
  readonly response: ServerResponse;
  readonly socket: Socket & Within;
}

/** What @types/node leaves out: the server of an accepted socket, and the socket that a TLS socket is within. */
interface Accepted {
  readonly server?: MaybeHttp;
}
interface Within {
  readonly _parent?: Socket | null;
}

/** Node's internals: the head as it was sent. What writeHead() is given is not among the headers that can be asked for. */
interface Sent {
  readonly _header?: string | null;
}

const FEW = 64;

/**
 * The way out of a worker that has clients' own connections: under `--backend cluster` and in tcp mode.
 *
 *     serving -> retiring -> drained
 *
 * While it retires, an answer closes its connection, and says so before (`Connection: close`; GOAWAY in HTTP/2). A client whose
 * connection is idle knows nothing of it: were it closed, a request could cross the close and be lost. So it stays for one
 * more request, and is closed when the order's time is up. Where nobody stands between the worker and its clients, what lasts
 * then is closed here as well; ordinary requests keep their time.
 */
export class Retirement implements Household {
  readonly #channel: Channel;
  readonly #endsAll: boolean;
  readonly #connections = new Set<Socket>();
  readonly #sessions = new Set<Http2Session>();
  /** Servers that speak HTTP/2 with somebody: GOAWAY ends their connections, behind the last stream. */
  readonly #multiplexing = new WeakSet<object>();
  /** The last request begun on each connection. */
  readonly #latest = new Map<Socket, ServerResponse>();
  /** Connections that were answered for, and are about to arrive. */
  #expected = 0;
  #state: 'serving' | 'retiring' | 'drained' = 'serving';
  /** Of the latest order; the next one takes its place. */
  #closing = new AbortController();
  #hearsRequests = false;
  /** With how many connections those that have closed are looked for. */
  #most = FEW;

  /** @param endsAll what lasts is closed by nobody else (`--backend cluster`) */
  constructor(channel: Channel, endsAll: boolean) {
    this.#channel = channel;
    this.#endsAll = endsAll;
    channel.onOrder((order) => this.#obey(order));
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
    this.#hearRequests();
    this.#connections.add(socket);
    if (this.#endsAll) socket.once('close', () => this.#left(socket));
    else if (this.#connections.size > this.#most) this.#forgetClosed();
  }

  session(session: Http2Session, server: object): void {
    this.#multiplexing.add(server);
    if (this.hasBegun) return session.close();
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
  }

  /** Not before there is a client's own connection: in http mode it would cost each request something for nothing. */
  #hearRequests(): void {
    if (this.#hearsRequests) return;
    this.#hearsRequests = true;
    subscribe('http.server.request.start', (begun) => this.#begun(begun as Begun));
  }

  #obey({ idleMs, spreadMs }: Order): void {
    if (!this.hasBegun) this.#begin();
    this.#closing.abort();
    this.#closing = new AbortController();
    this.#closeIn(idleMs, spreadMs, () => this.#idle, destroy);
    if (this.#endsAll && spreadMs > 0) this.#closeIn(idleMs + spreadMs, spreadMs, () => this.#lasting, end);
  }

  #left(socket: Socket): void {
    this.#connections.delete(socket);
    this.#latest.delete(socket);
    this.#drainIfEmpty();
  }

  /** Now and then, instead of a listener on each: what came through the door has those that it would have natively, and no other. */
  #forgetClosed(): void {
    for (const socket of this.#connections) if (socket.destroyed) this.#left(socket);
    this.#most = 2 * this.#connections.size + FEW;
  }

  #begin(): void {
    this.#state = 'retiring';
    for (const response of this.#latest.values()) closeAfter(response);
    for (const session of this.#sessions) session.close();
    this.#drainIfEmpty();
  }

  #begun({ response, socket }: Begun): void {
    const connection = socket._parent ?? socket;
    if (!this.#connections.has(connection)) return; // the front's own, which many clients share
    const former = this.#latest.get(connection);
    this.#latest.set(connection, response);
    if (!this.hasBegun) return;
    // Of requests that a client sent one behind the other, the last one closes.
    if (former?.headersSent === false) former.shouldKeepAlive = true;
    closeAfter(response);
  }

  #closeIn(ms: number, spreadMs: number, find: () => readonly Socket[], close: (socket: Socket) => void): void {
    const { signal } = this.#closing;
    const timer = setTimeout(() => spread(find, close, spreadMs, signal), ms).unref();
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  get #idle(): readonly Socket[] {
    const servers = new Set([...this.#connections].map(serverOf));
    const idle = [...servers].flatMap((server) => (server === undefined ? [] : idleConnections(server)));
    return idle.filter((socket: Socket & Within) => this.#connections.has(socket._parent ?? socket)); // others are the front's, in store
  }

  /** All but ordinary requests: what is no HTTP (any more), and streams of events. */
  get #lasting(): readonly Socket[] {
    return [...this.#connections].filter((socket) => {
      const server = serverOf(socket);
      const isMultiplexed = server !== undefined && this.#multiplexing.has(server);
      return !isMultiplexed && !socket.writableEnded && !isUnderWay(this.#latest.get(socket));
    });
  }

  #drainIfEmpty(): void {
    if (this.#state !== 'retiring' || this.#connections.size + this.#expected > 0) return;
    this.#state = 'drained';
    this.#channel.send({ type: 'drained' });
  }
}

const serverOf = (socket: Socket) => (socket as Accepted).server;
const destroy = (socket: Socket): void => void socket.destroy();
/** Behind what is still to be sent. */
const end = (socket: Socket): void => void socket.end();

/** Node writes the field with the head, and closes behind the body. A head that is sent has promised otherwise. */
function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.shouldKeepAlive = false;
}

function isUnderWay(response: (ServerResponse & Sent) | undefined): boolean {
  if (response === undefined || response.writableFinished || response.destroyed) return false;
  return !/^content-type: *text\/event-stream/im.test(response._header ?? '');
}
