import { type IncomingMessage, METHODS, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type Message, type Reading, pairs } from './reading.js';

const KNOWN = new Set(METHODS);

interface Pending {
  readonly request: IncomingMessage;
  body: string;
}

interface Connection {
  readonly pending: Pending[];
  hasFailed: boolean;
}

const connections = new WeakMap<object, Connection>();

function note(request: IncomingMessage): void {
  const pending: Pending = { request, body: '' };
  request.setEncoding('latin1').on('data', (text: string) => (pending.body += text));
  request.on('error', () => {});
  connections.get(request.socket)!.pending.push(pending);
}

const server = createServer({
  maxHeaderSize: 64 * 1024,
  headersTimeout: 0,
  requestTimeout: 0,
  insecureHTTPParser: false,
})
  .on('request', note)
  .on('checkContinue', note)
  .on('checkExpectation', note)
  .on('connect', note)
  .on('clientError', (_error, socket) => {
    connections.get(socket)!.hasFailed = true;
  });

/** Whether Node's parser knows the method: it refuses all others, so nothing can be said of requests that have one. */
export function isKnownMethod(line: string): boolean {
  return KNOWN.has(line.slice(0, line.indexOf(' ')));
}

/** What Node's own server reads of each text. */
export async function readByNode(texts: readonly string[]): Promise<readonly Reading[]> {
  const sockets = texts.map((text) => {
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    const connection: Connection = { pending: [], hasFailed: false };
    connections.set(socket, connection);
    socket.on('error', () => {});
    server.emit('connection', socket as unknown as Socket);
    if (text !== '') socket.push(Buffer.from(text, 'latin1'));
    return { socket, connection };
  });
  // A few turns, in which what was pushed is read and the bodies flow.
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  return sockets.map(({ socket, connection }) => {
    const reading = readingOf(connection);
    socket.destroy();
    return reading;
  });
}

function readingOf({ pending, hasFailed }: Connection): Reading {
  const whole = pending.filter(({ request }) => request.complete);
  return {
    messages: whole.map(({ request, body }) => messageOf(request, body)),
    end: hasFailed ? 'refused' : whole.length < pending.length ? 'incomplete' : 'ended',
  };
}

/** What Node has read of one request. */
export function messageOf(request: IncomingMessage, body: string): Message {
  return {
    line: `${request.method} ${request.url}`,
    fields: pairs(request.rawHeaders),
    trailers: pairs(request.rawTrailers),
    body,
  };
}
