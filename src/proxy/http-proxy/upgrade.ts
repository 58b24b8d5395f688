import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Forwarding, HttpProxy } from './package.js';

/** How long a worker may go without taking a byte of what a client sent last, before it left; in milliseconds. */
const FINISH_MS = 10_000;
/** How long a worker that is told of a tunnel's end may have for its last words; in milliseconds. */
const FAREWELL_MS = 500;

/** Who hears what becomes of an upgrade. */
interface UpgradeUser {
  connected(outgoing: ClientRequest): void;
  answered(message: IncomingMessage): void;
  /** Whether the sockets may be joined. */
  switched(message: IncomingMessage): boolean;
  /** @param isLeaving the worker was told to end it, so the client may still send */
  tunnelEnded(isLeaving: boolean): void;
}

/** A request for another protocol: http-proxy joins the sockets when the worker agrees. */
export class Upgrade {
  readonly #proxy: HttpProxy;
  readonly #client: Socket;
  readonly #request: IncomingMessage;
  #early: Buffer;
  /** Once it has agreed. */
  #worker: Socket | undefined;
  /** What the client had been sent before the tunnel's first byte. */
  #sentBefore = 0;
  #isLeaving = false;

  constructor(proxy: HttpProxy, client: Socket, request: IncomingMessage, early: Buffer) {
    this.#proxy = proxy;
    this.#client = client;
    this.#request = request;
    this.#early = early;
  }

  /** What the client was sent in the tunnel, in bytes. */
  get sent(): number {
    return this.#client.bytesWritten - this.#sentBefore;
  }

  forward(to: Forwarding, user: UpgradeUser, target: string, failed: (error: Error) => void): void {
    let outgoing: ClientRequest | undefined;
    outgoingOf.set(this.#request, (made) => {
      made.path = target;
      outgoing = made;
    });
    const early = this.#early;
    this.#early = EMPTY; // it is put back into the client's socket, for whichever attempt succeeds
    this.#proxy.ws(this.#request, this.#client, early, to, failed);
    this.#listen(outgoing!, user, failed);
  }

  /** Tells the worker that the tunnel ends, behind what is on its way to it; its last words still pass. */
  leave(): void {
    const worker = this.#worker!;
    this.#isLeaving = true;
    this.#client.unpipe(worker).resume();
    // Not a socket's own timeout: a worker that talks on would never be idle.
    const timer = setTimeout(() => worker.destroy(), FAREWELL_MS);
    worker.once('close', () => clearTimeout(timer)).end();
  }

  /** For an answer in HTTP: Node's parser has left the client's socket, and with it what tells that it takes more. */
  answerWith(response: ServerResponse): void {
    response.shouldKeepAlive = false;
    response.assignSocket(this.#client);
    this.#client.on('drain', () => response.emit('drain'));
  }

  /**
   * http-proxy would write an answer's decoded body behind the head of the coded one, and end the client's connection when
   * a worker is lost whose request another one may get. Of its listeners only the one that joins the sockets is kept.
   */
  #listen(outgoing: ClientRequest, user: UpgradeUser, failed: (error: Error) => void): void {
    const join = outgoing.listeners('upgrade');
    for (const event of ['response', 'error', 'upgrade']) outgoing.removeAllListeners(event);
    outgoing
      .on('error', failed)
      .on('socket', () => user.connected(outgoing))
      .on('response', (message: IncomingMessage) => user.answered(message))
      .on('upgrade', (message: IncomingMessage, worker: Socket, early: Buffer) => {
        const listeners = user.switched(message) ? join : [];
        if (listeners.length === 0) worker.destroy();
        this.#worker = worker;
        this.#tieEnds(worker, user);
        for (const listener of listeners) listener.call(outgoing, message, worker, early);
        this.#sentBefore = this.#client.bytesWritten; // the head; what the worker says flows from the next tick on
      });
  }

  #tieEnds(worker: Socket, user: UpgradeUser): void {
    worker.on('close', () => user.tunnelEnded(this.#isLeaving));
    this.#client.on('close', () => {
      worker.setTimeout(FINISH_MS, () => worker.destroy());
      worker.destroySoon();
    });
  }
}

const EMPTY = Buffer.alloc(0);

/** http-proxy tells of the outgoing request by an event; this is who made it. */
const outgoingOf = new WeakMap<IncomingMessage, (outgoing: ClientRequest) => void>();

/** Makes a forwarder tell each upgrade of its outgoing request. */
export function tellUpgrades(proxy: HttpProxy): void {
  proxy.on('proxyReqWs', (outgoing, request) => outgoingOf.get(request)?.(outgoing));
}
