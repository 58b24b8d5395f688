import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { HandOver, type Outcome } from '../../dist/supervisor/hand-over.js';
import { Inbox, Worker, type WorkerOptions } from './agent-harness.ts';

const PORT = 8000;
const PATIENCE_MS = 5_000;

/** A program under the agent, and a public port whose connections it is handed. */
export class Taker extends Worker {
  /** What became of each connection, in their order. */
  readonly outcomes = new Inbox<Outcome>();
  readonly port: Promise<number>;
  readonly #handOver: HandOver;

  constructor(program: string, options: WorkerOptions = {}, patienceMs = PATIENCE_MS) {
    super(program, { ...options, settings: { ...options.settings, takesConnections: true } });
    this.#handOver = new HandOver(this.child);
    this.port = this.#listen(patienceMs);
  }

  /** Tells the agent to let its clients go. */
  retire(idleMs: number, spreadMs = 0): void {
    this.channel.write(`${JSON.stringify({ type: 'retire', idleMs, spreadMs })}\n`);
  }

  /** A client on the public port. */
  async client(): Promise<Socket> {
    const socket = connect({ port: await this.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    return socket;
  }

  async #listen(patienceMs: number): Promise<number> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) => {
      onTestFinished(() => void socket.destroy());
      void this.#hand(socket, patienceMs);
    });
    server.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  async #hand(socket: Socket, patienceMs: number): Promise<void> {
    const outcome = await this.#handOver.take(socket, PORT, patienceMs);
    if (outcome === 'taken') socket.destroy();
    this.outcomes.add(outcome);
  }
}
