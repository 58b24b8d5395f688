import { Socket } from 'node:net';
import type { AgentMessage, Order } from '../core/messages.cjs';

/**
 * The agent's end of the socket pair to the front: one JSON message a line. It never keeps the program alive, and it takes
 * the program along when the front is gone.
 */
export class Channel {
  readonly #socket: Socket;

  constructor(descriptor: number) {
    this.#socket = new Socket({ fd: descriptor, readable: true, writable: true });
    for (const event of ['end', 'error', 'close']) this.#socket.on(event, die);
    this.#socket.resume();
    this.#socket.unref();
  }

  /** Whether something said before has not left yet. */
  get isBehind(): boolean {
    return this.#socket.writableLength > 0;
  }

  /** Calls `obey` with every order of the front. */
  onOrder(obey: (order: Order) => void): void {
    let text = '';
    this.#socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop()!;
      for (const line of lines) obey(JSON.parse(line) as Order);
    });
  }

  /** Writes at once (the kernel's buffer holds far more than a worker ever says), so that it survives a process.exit(). */
  send(message: AgentMessage): void {
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}

/**
 * The front is gone, and with it every client connection. SIGKILL, as the warden would: an exit handler of the program
 * must not get to work on behalf of a front that no longer exists.
 */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
