import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { type Socket, connect } from 'node:net';
import { keepAliveTimeoutOf } from '../../http/response-head.js';
import type { Backend } from '../backend.js';

/** More idle sockets to one worker than this are closed instead of kept. */
const MAX_IDLE = 512;
/** The longest response head, in bytes. */
const MAX_HEAD = 32 * 1024;

/** What the types of Node leave out: every request comes through here, before it has a socket and a parser. */
type AddRequest = (this: Agent, request: ClientRequest, options: unknown) => void;
const { addRequest } = Agent.prototype as unknown as { readonly addRequest: AddRequest };

type Created = (error: Error | null, socket?: Socket) => void;

/** What the types of Node leave out: whose answer a socket has carried. */
interface Answered extends Socket {
  readonly _httpMessage?: { readonly res?: IncomingMessage };
}

/** How long a worker may take to accept, in milliseconds; asked for every socket. */
export interface Timing {
  readonly connectTimeout: number;
}

/** The sockets of node:http to one worker. */
export class BackendAgent extends Agent {
  readonly #backend: Backend;
  readonly #timing: Timing;
  readonly #isPooling: boolean;
  readonly #opening: Buffer;

  /**
   * @param isPooling whether a socket serves further requests
   * @param opening what a connection opens with
   */
  constructor(backend: Backend, timing: Timing, isPooling: boolean, opening = backend.preface) {
    super({ keepAlive: true, maxFreeSockets: MAX_IDLE });
    this.#backend = backend;
    this.#timing = timing;
    this.#isPooling = isPooling;
    this.#opening = opening;
  }

  /** Closes the idle sockets. */
  closeIdle(): void {
    for (const socket of Object.values(this.freeSockets).flat()) socket?.destroy();
  }

  /** Node would drop fields beyond a count without a word; a head that is too long fails. */
  addRequest(request: ClientRequest, options: unknown): void {
    Object.assign(request, { maxHeadersCount: 0, maxHeaderSize: MAX_HEAD });
    addRequest.call(this, request, options);
  }

  /** Hands over connected sockets only: what fails before is known not to have carried a byte of a request. */
  override createConnection(_options: unknown, created?: unknown): undefined {
    const socket = connect({ ...placeOf(this.#backend), allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error('The worker did not accept in time'), { code: 'ETIMEDOUT' })),
      this.#timing.connectTimeout,
    );
    const fail = (error: Error) => {
      clearTimeout(timer);
      (created as Created)(error);
    };
    socket.once('error', fail).once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      if (this.#opening.length > 0) socket.write(this.#opening);
      (created as Created)(null, socket);
    });
    return undefined;
  }

  override keepSocketAlive(socket: Socket): boolean {
    if (!this.#isPooling || this.#backend.availability === 'leaving') return false;
    const announced = (socket as Answered)._httpMessage?.res?.headers['keep-alive'];
    const ms = this.#backend.idleTime(keepAliveTimeoutOf(String(announced)));
    if (ms <= 0) return false;
    const keeps = super.keepSocketAlive(socket) as boolean | undefined;
    socket.setTimeout(ms === Infinity ? 0 : ms);
    // Nobody asked for these: a socket that misbehaved is never used again.
    socket.on('data', drop).on('end', drop);
    return keeps !== false;
  }

  override reuseSocket(socket: Socket, request: ClientRequest): void {
    socket.off('data', drop).off('end', drop);
    super.reuseSocket(socket, request);
  }
}

function drop(this: Socket): void {
  this.destroy();
}

function placeOf({ address }: Backend) {
  return 'path' in address ? { path: address.path } : { host: '127.0.0.1', port: address.port };
}
