import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { Received } from './received.js';

/** One connection as one side sees it. */
export class Line {
  readonly socket: Socket;
  readonly received: Received;
  readonly remotePort: number | undefined;
  /** How the other side ended it, once it has. */
  end: 'fin' | 'reset' | undefined;

  constructor(socket: Socket, received = new Received()) {
    this.socket = socket;
    this.received = received;
    this.remotePort = socket.remotePort;
    socket.setNoDelay(true).setEncoding('latin1');
    socket
      .on('data', (text: string) => received.add(text))
      .on('end', () => this.#ended('fin'))
      .on('error', () => this.#reset())
      .on('close', () => this.#ended('reset'));
  }

  /** Connects to a port on this machine. */
  static async to(port: number): Promise<Line> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return new Line(socket);
  }

  #ended(how: 'fin' | 'reset'): void {
    this.end ??= how;
    this.received.changed();
  }

  /** Also behind a FIN: then it came too early for the bytes that this side had still to send. */
  #reset(): void {
    this.end = 'reset';
    this.received.changed();
  }
}
