import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';

/** One end of a connection, byte by byte: remembers all it got, and waits for what it should get. */
export class Wire {
  readonly socket: Socket;
  #received = '';
  /** How it ended, once it has. */
  end: 'fin' | 'reset' | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
    });
    socket.on('end', () => {
      this.end ??= 'fin';
    });
    socket.on('error', () => {
      this.end = 'reset';
    });
    socket.on('close', () => {
      this.end ??= 'reset';
    });
  }

  get received(): string {
    return this.#received;
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Resolves with all bytes so far when `wanted` is among them. */
  async gets(wanted: string | RegExp): Promise<string> {
    await this.#until(
      () => (typeof wanted === 'string' ? this.#received.includes(wanted) : wanted.test(this.#received)),
      String(wanted),
    );
    return this.#received;
  }

  /** Resolves with all bytes when the other side has ended. */
  async ends(): Promise<string> {
    await this.#until(() => this.end !== undefined, 'the end');
    return this.#received;
  }

  async #until(isMet: () => boolean, wanted: string): Promise<void> {
    const deadline = AbortSignal.timeout(5_000);
    while (!isMet()) {
      if (this.socket.destroyed || deadline.aborted)
        throw new Error(`Wanted ${wanted}, got ${JSON.stringify(this.#received)} and ${this.end}`);
      const next = new AbortController();
      const signal = AbortSignal.any([deadline, next.signal]);
      await Promise.race(
        ['data', 'end', 'close'].map((event) => once(this.socket, event, { signal }).catch(() => undefined)),
      );
      next.abort();
    }
  }
}

/** Connects to a port on this machine, or to a Unix socket; cut off when the test ends. */
export async function dial(place: number | string, allowHalfOpen = true): Promise<Wire> {
  const at = typeof place === 'string' ? { path: place } : { port: place, host: '127.0.0.1' };
  const socket = connect({ ...at, allowHalfOpen });
  const wire = new Wire(socket);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return wire;
}

/** A server at which a test plays the worker: it takes every connection as a {@link Wire} and answers by hand. */
export class Stage {
  readonly #server: Server;
  readonly #wires: Wire[] = [];
  readonly #waiting: ((wire: Wire) => void)[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      const wire = new Wire(socket);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#wires.push(wire);
      else waiting(wire);
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async open(): Promise<Stage> {
    const server = createServer({ allowHalfOpen: true });
    const stage = new Stage(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => stage.close());
    return stage;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The next connection that was not taken yet. */
  async accepts(): Promise<Wire> {
    const waiting = this.#wires.shift();
    if (waiting !== undefined) return waiting;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
