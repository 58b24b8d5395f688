import { createCipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startFront, type Front } from '../kit/front.ts';
import { memoryOf } from '../kit/memory.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/large-server.cjs', import.meta.url));
const MIB = 1024 * 1024;
const WANTED = process.env['ZDLB_TEST_BODY_MIB'];
const SIZE = Number(WANTED ?? 128) * MIB;
const NAME = `${SIZE / MIB} MiB`;
const TIMEOUT_MS = 120_000;
/** How many at a time leave unread what they get. */
const UNREAD = 8;
/** How much larger the front may become for all of them together. The kernel keeps a few MiB for each, the front far less. */
const MOST_MEMORY = 64 * MIB;
/** Nothing moves for this long: both sides are stuck. */
const STUCK_MS = 500;

const PART = Buffer.alloc(64 * 1024);

/** What the program sends for /download: a stream no two parts of which are the same. */
function* content(): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  for (let left = SIZE; left > 0; left -= PART.length) yield cipher.update(PART);
}

function digest(): string {
  const hash = createHash('sha256');
  for (const part of content()) hash.update(part);
  return hash.digest('hex');
}

/** One worker, so that all share it; and how much larger its front has ever been than it is now. */
async function startProgram(transport: string) {
  const front = await startFront({ script: PROGRAM, args: ['--workers', '1', '--transport', transport] });
  const { now } = memoryOf(front.pid);
  const growth = (): number => {
    const { peak } = memoryOf(front.pid);
    console.info(`The front's memory: ${(now / MIB).toFixed(1)} MiB, ${(peak / MIB).toFixed(1)} at most`);
    return peak - now;
  };
  return { front, growth };
}

async function open(front: Front, head: string): Promise<Socket> {
  const socket = connect({ port: front.port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.pause().write(`${head} HTTP/1.1\r\nHost: test\r\n`);
  return socket;
}

async function ask(front: Front, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${front.port}${path}`);
  return response.text();
}

/** Sends `body`, if it has any, and resolves with the response when its head has come. */
async function begin(front: Front, path: string, body: Iterable<Buffer>, headers: OutgoingHttpHeaders = {}) {
  const method = path === '/upload' ? 'POST' : 'GET';
  const asked = request({ port: front.port, path, method, headers, agent: false });
  const [[response]] = await Promise.all([once(asked, 'response'), pipeline(body, asked)]);
  return response as IncomingMessage;
}

/** Resolves with what `measure` gives once it gives that for a while; everyone else is served meanwhile. */
async function stuckAt(front: Front, measure: () => Promise<number> | number): Promise<number> {
  for (let before = -1; ;) {
    const amount = await measure();
    if (amount === before && amount > 0) return amount;
    before = amount;
    expect(await ask(front, '/now/served')).toBe('served');
    await pause(STUCK_MS);
  }
}

const TRANSPORTS = ['port', 'unix'];

// http-memory.test.ts has the small version of these.
describe.for(WANTED === undefined ? [] : TRANSPORTS)('unread, over %s', (transport) => {
  test(`${UNREAD} clients that never read ${NAME} stop the worker, not the others`, async () => {
    const { front, growth } = await startProgram(transport);
    for (let client = 0; client < UNREAD; client++) {
      const socket = await open(front, `GET /download/${SIZE}/sized`);
      socket.write('\r\n');
    }
    expect(await stuckAt(front, async () => Number(await ask(front, '/produced')))).toBeLessThan((UNREAD * SIZE) / 2);
    expect(growth()).toBeLessThan(MOST_MEMORY);
  });

  test(`a worker that never reads ${UNREAD} uploads of ${NAME} stops their clients, not the others`, async () => {
    const { front, growth } = await startProgram(transport);
    const sockets: Socket[] = [];
    for (let client = 0; client < UNREAD; client++) {
      const socket = await open(front, 'POST /unread');
      socket.write(`Content-Length: ${SIZE}\r\n\r\n`);
      Readable.from(content()).pipe(socket);
      sockets.push(socket);
    }
    const sent = (): number => sockets.reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0);
    expect(await stuckAt(front, sent)).toBeLessThan((UNREAD * SIZE) / 2);
    expect(growth()).toBeLessThan(MOST_MEMORY);
  });
});

describe.for(WANTED === undefined ? ['port'] : TRANSPORTS)('over %s', (transport) => {
  test.for(['sized', 'chunked'])(`${NAME} comes down whole, %s`, { timeout: TIMEOUT_MS }, async (framing) => {
    const { front, growth } = await startProgram(transport);
    const response = await begin(front, `/download/${SIZE}/${framing}`, []);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      bytes += part.length;
      hash.update(part);
    }
    expect({ bytes, sha256: hash.digest('hex') }).toEqual({ bytes: SIZE, sha256: digest() });
    expect(growth()).toBeLessThan(MOST_MEMORY);
  });

  test.for(['sized', 'chunked'])(`${NAME} goes up whole, %s`, { timeout: TIMEOUT_MS }, async (framing) => {
    const { front, growth } = await startProgram(transport);
    const response = await begin(front, '/upload', content(), framing === 'sized' ? { 'content-length': SIZE } : {});
    const body = await text(response);
    expect(body).toBe(JSON.stringify({ bytes: SIZE, sha256: digest() }));
    expect(growth()).toBeLessThan(MOST_MEMORY);
  });
});
