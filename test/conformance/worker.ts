import { once } from 'node:events';
import { type AddressInfo, type Server, connect, createServer } from 'node:net';
import { Line } from './line.js';
import { Received } from './received.js';

/** The worker's side: records exactly what comes, on all its connections, and is played by hand. */
export class Worker {
  readonly received = new Received();
  readonly lines: Line[] = [];
  /** The connection that brought the last bytes. */
  latest: Line | undefined;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      const line = new Line(socket, this.received);
      socket.prependListener('data', () => (this.latest = line));
      this.lines.push(line);
    });
  }

  static async open(): Promise<Worker> {
    const server = createServer({ allowHalfOpen: true });
    const worker = new Worker(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return worker;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves when all connections made so far are known and have ended, so that nothing more can come. */
  async isQuiet(): Promise<boolean> {
    // The kernel hands them over in their order: behind this one there is none that is still unknown.
    const last = connect(this.port, '127.0.0.1');
    await once(last, 'connect');
    const { localPort } = last;
    last.end();
    const isQuiet = await this.received.until(
      () =>
        this.lines.some(({ remotePort }) => remotePort === localPort) &&
        this.lines.every(({ end }) => end !== undefined),
    );
    last.destroy();
    return isQuiet;
  }

  close(): void {
    this.#server.close();
    for (const { socket } of this.lines) socket.destroy();
  }
}
