import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { backendAt, openRelay } from '../kit/relay.js';
import { Line } from '../conformance/line.js';
import { messageOf } from './node-server.js';
import type { Message } from './reading.js';

/** A relay in front of a plain Node server, which notes what it reads and answers when it has read a request whole. */
export class NodeWorker {
  readonly #port: number;
  readonly #read: Message[] = [];

  private constructor(port: number) {
    this.#port = port;
  }

  static async open(): Promise<NodeWorker> {
    const server = createServer({ maxHeaderSize: 64 * 1024 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port, balancer } = await openRelay('http');
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => sockets.add(socket));
    onTestFinished(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    balancer.swap([backendAt((server.address() as AddressInfo).port)]);
    const worker = new NodeWorker(port);
    server.on('request', (request, response) => {
      worker.#note(request).then(
        () => response.end('ok'),
        () => {},
      );
    });
    return worker;
  }

  /** Sends `text` as a client would, and its FIN: what the server read of it, and what the client got. */
  async exchange(
    text: string,
  ): Promise<{ readonly read: readonly Message[]; readonly got: string; readonly end: string }> {
    this.#read.length = 0;
    const client = await Line.to(this.#port);
    onTestFinished(() => void client.socket.destroy());
    client.socket.end(text, 'latin1');
    await client.received.until(() => client.end !== undefined);
    client.socket.destroy();
    return { read: [...this.#read], got: client.received.text, end: client.end ?? 'open' };
  }

  async #note(request: IncomingMessage): Promise<void> {
    let body = '';
    request.setEncoding('latin1').on('data', (text: string) => (body += text));
    await once(request, 'end');
    this.#read.push(messageOf(request, body));
  }
}
