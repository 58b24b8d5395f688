import { AsyncResource } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { Http2Session } from 'node:http2';
import { Socket, type Server } from 'node:net';
import type { Header } from '../core/proxy-protocol.cjs';
import { readClientField } from './client-field.cjs';
import { raiseHeadLimit } from './head-limit.cjs';
import { keepIdleConnections } from './idle.cjs';
import { greet } from './preface.cjs';
import { show, shownEnds, type End } from './socket-ends.cjs';

const SECRET = randomBytes(16);

/** What a PROXY header must carry to be let in to any server of this process (hexadecimal). */
export const secret = SECRET.toString('hex');

/** Node's internals: the server that accepted a socket. Tells a private connection from one that the program hands in. */
interface Accepted {
  readonly _server?: object | null;
}

type Emit = (this: object, event: string | symbol, ...args: unknown[]) => boolean;

/** Node's internals: a connection that no socket has been made for. */
export interface Handle {
  /** Absent at a Unix socket. */
  setNoDelay?(enable: boolean): void;
  close(): void;
}

/** A server, with what its type leaves out. */
interface Guarded {
  readonly pauseOnConnect?: boolean;
  readonly noDelay?: boolean;
  readonly listening: boolean;
  /** Node's internals: what listens, and what it calls with each connection that it accepts. */
  readonly _handle: { readonly onconnection: (error: number, accepted: Handle) => void } | null;
  emit: Emit;
}

/** Who hears of the clients' own connections: those that were handed over, and those that carry one client's bytes (tcp mode). */
export interface Household {
  /** A client's connection is about to come to its server. */
  arrived(socket: Socket): void;
  /** An HTTP/2 server speaks with a client. */
  session(session: Http2Session, server: object): void;
}

const doors = new Set<Door>();
let household: Household | undefined;
let takesHandOvers = false;

export function tellHousehold(told: Household): void {
  household = told;
}

/** From now on private connections are the front's own (probes), and clients come by {@link Door.admit}. */
export function expectHandOvers(): void {
  takesHandOvers = true;
}

/** The door of the server that clients of a public port are for; undefined when it has closed. */
export function doorOf(port: number): Door | undefined {
  for (const door of doors) if (door.isOpenFor(port)) return door;
  return undefined;
}

/**
 * Stands in front of a server that listens privately: lets in only who opens with the secret, and hands the connection to
 * the program just as Node would have, with the client's address.
 */
export class Door {
  readonly #server: Guarded;
  readonly #publicEnd: () => End;
  readonly #showsClients: boolean;
  readonly #emit: Emit;
  /** A program may emit 'connection' again, having looked at the socket: that one is not knocking. */
  readonly #received = new WeakSet<Socket>();
  /** That of the listen(), in which Node would accept connections. */
  readonly #context = new AsyncResource('zdlb.listen');
  #isOpenToAll = false;
  #isAdmitting = false;

  /** @param showsClients whether the front says whose request it is that comes on a shared connection */
  constructor(server: Server, publicEnd: () => End, showsClients: boolean) {
    this.#server = server as unknown as Guarded;
    this.#publicEnd = publicEnd;
    this.#showsClients = showsClients;
    this.#emit = this.#server.emit;
    Object.defineProperty(server, 'emit', { value: this.#interceptor(), writable: true, configurable: true });
    doors.add(this);
  }

  isOpenFor(port: number): boolean {
    return this.#server.listening && this.#publicEnd().port === port;
  }

  /** Has the server accept a client's connection by its own rules (`maxConnections`, `allowHalfOpen`, `noDelay` …). */
  admit(accepted: Handle): void {
    if (this.#server.noDelay !== true) accepted.setNoDelay?.(false); // the front's listener had it on
    this.#isAdmitting = true;
    try {
      this.#context.runInAsyncScope(() => this.#server._handle!.onconnection(0, accepted));
    } finally {
      this.#isAdmitting = false;
    }
  }

  /** Takes the door off its hinges: the server was not to be mapped after all, or listens anew. */
  remove(): void {
    this.#isOpenToAll = true;
    doors.delete(this);
  }

  #interceptor(): Emit {
    const emit = this.#emit;
    const isKnocking = (socket: unknown) => this.#isKnocking(socket);
    const receive = (socket: Socket) => this.#receive(socket);
    return function (...args) {
      if (args[0] === 'session') household?.session(args[1] as Http2Session, this);
      if (args[0] !== 'connection' || !isKnocking(args[1])) return emit.apply(this, args);
      receive(args[1] as Socket);
      return true;
    };
  }

  #isKnocking(socket: unknown): boolean {
    if (this.#isOpenToAll || !(socket instanceof Socket) || this.#received.has(socket)) return false;
    if ((socket as Accepted)._server !== this.#server) return false;
    return !this.#isAdmitting || this.#welcomeAdmitted(socket);
  }

  /** Its ends are the client's and the public port's by nature: there is nothing to show, and nobody knocks. */
  #welcomeAdmitted(socket: Socket): false {
    this.#isAdmitting = false;
    this.#received.add(socket);
    household?.arrived(socket);
    return false;
  }

  #receive(socket: Socket): void {
    this.#received.add(socket);
    // Node hands connections over in the async context of the listen(), which the socket's own events don't have. (A bound
    // function would do, but costs 15 µs to make.)
    const context = new AsyncResource('zdlb.connection');
    greet(socket, {
      secret: SECRET,
      // Node's time for the first request (headersTimeout, server.timeout) runs from 'connection' on, and would cut down a
      // connection that the front keeps in store.
      awaitsData: (header) => this.#carriesRequests(header),
      welcome: (header) => context.runInAsyncScope(() => this.#welcome(socket, header)),
    });
  }

  #welcome(socket: Socket, header: Header): void {
    socket.setNoDelay(true);
    const ends = shownEnds(header, this.#publicEnd);
    show(socket, { ends });
    if (header.command === 'PROXY') household?.arrived(socket);
    if (this.#server.pauseOnConnect === true) (socket as { readableFlowing: boolean | null }).readableFlowing = false;
    const handOver = (): void => void this.#emit.call(this.#server, 'connection', socket);
    if (!this.#carriesRequests(header)) return handOver();
    const server = this.#server as unknown as http.Server;
    raiseHeadLimit(server, handOver);
    keepIdleConnections(server);
    if (this.#showsClients) readClientField(socket, ends);
  }

  /** Whether the connection carries the requests of many clients, one after the other (http mode). */
  #carriesRequests(header: Header): boolean {
    return !takesHandOvers && header.command === 'LOCAL' && this.#server instanceof http.Server;
  }
}
