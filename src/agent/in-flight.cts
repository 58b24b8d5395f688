import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What is under way on one connection. */
interface Share {
  requests: number;
}

/**
 * How many requests the program's HTTP servers are at.
 *
 * When a client leaves, Node emits 'close' on the response that has the socket; those to what was pipelined behind it are
 * dropped without a word. So the connection's own 'close' takes off whatever it still has under way.
 */
export class InFlight {
  #count = 0;
  readonly #shares = new WeakMap<Socket, Share>();

  get count(): number {
    return this.#count;
  }

  /** A request has begun; it is counted until its response or its connection closes. */
  began(socket: Socket, response: ServerResponse): void {
    const share = this.#shares.get(socket) ?? this.#follow(socket);
    share.requests++;
    this.#count++;
    // Node may tell it of a response after its connection's 'close', which has taken it off.
    response.once('close', () => this.#takeOff(share, Math.min(share.requests, 1)));
  }

  #follow(socket: Socket): Share {
    const share = { requests: 0 };
    this.#shares.set(socket, share);
    socket.once('close', () => this.#takeOff(share, share.requests));
    return share;
  }

  #takeOff(share: Share, requests: number): void {
    share.requests -= requests;
    this.#count -= requests;
  }
}
