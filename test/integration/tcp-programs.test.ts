import { createCipheriv, createHash } from 'node:crypto';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Conversation, type Protocol, TCP_SERVER_ENV, converse } from '../kit/conversation.ts';
import { type Front, startFront } from '../kit/front.ts';
import { memoryOf } from '../kit/memory.ts';
import { fixture, Release } from '../kit/release.ts';

const MIB = 1024 * 1024;
const WANTED = process.env['ZDLB_TEST_BODY_MIB'];
const SIZE = Number(WANTED ?? 64) * MIB;
const TIMEOUT_MS = 30_000 + SIZE / 10_000;
/** How much larger the front may become for a transfer both ways. */
const MOST_MEMORY = 48 * MIB;
const PER_RELOAD = 4;
const RELOADS = WANTED === undefined ? 1 : 3;

const PROTOCOLS: readonly (readonly [string, Protocol])[] = [
  ['raw lines', 'talk'],
  ['TLS with the certificate in the program', 'tls'],
  ['HTTP/2 over TLS in the program', 'http2'],
  ['a WebSocket server', 'webSocket'],
  ['an MQTT broker', 'mqtt'],
];

async function startProgram(kind: Protocol | 'transfer', ...args: string[]) {
  const release = await Release.create(await fixture('tcp-server.cjs'));
  const front = await startFront({
    script: release.script,
    scriptArgs: [kind],
    args: ['--mode', 'tcp', '--workers', '1', ...args],
    env: TCP_SERVER_ENV,
  });
  const reload = async (version: number): Promise<void> => {
    await release.deploy(version);
    expect(await front.reload()).toMatchObject({ event: 'reload.done' });
  };
  return { front, reload };
}

const retired = (front: Front, version: number) =>
  front.event('generation.retired', ({ generation }) => generation === version);

const converseMany = async (protocol: Protocol, port: number): Promise<Conversation[]> =>
  Promise.all(Array.from({ length: PER_RELOAD }, () => converse(protocol, port)));

/** Whether each of them is answered by `version`. */
async function areWith(version: number, conversations: readonly Conversation[]): Promise<void> {
  const answers = await Promise.all(conversations.map((conversation, at) => conversation.say(`hello-${at}`)));
  expect(answers).toEqual(conversations.map((_, at) => `${version} hello-${at}`));
}

/** The matrix tries both. */
const TRANSPORTS = WANTED === undefined ? ['port'] : ['port', 'unix'];

describe.for(TRANSPORTS)('over %s', (transport) => {
  test.for(PROTOCOLS)('%s: open connections live on with their worker across reloads', async ([, protocol]) => {
    const { front, reload } = await startProgram(protocol, '--transport', transport);
    const all: Conversation[][] = [await converseMany(protocol, front.port)];
    for (let version = 2; version <= 1 + RELOADS; version++) {
      await reload(version);
      all.push(await converseMany(protocol, front.port));
      // GOAWAY ends a session of HTTP/2 when it is idle, and its client comes back.
      if (protocol === 'http2') continue;
      for (const [at, conversations] of all.entries()) await areWith(at + 1, conversations);
    }
    await areWith(1 + RELOADS, all.at(-1)!);
    const open = all.flat().filter(({ end }) => end === 'open');
    await Promise.all(open.map(async (conversation) => conversation.leave()));
    for (let version = 1; version <= RELOADS; version++) await retired(front, version);
    const ends = all.map((conversations) => new Set(conversations.map(({ end }) => end)));
    const leaving = new Set([protocol === 'http2' ? 'ended' : 'left']);
    expect(ends).toEqual([...Array.from({ length: RELOADS }, () => leaving), new Set(['left'])]);
  });

  test(`${SIZE / MIB} MiB go through whole each way while the code is replaced`, { timeout: TIMEOUT_MS }, async () => {
    const { front, reload } = await startProgram('transfer', '--transport', transport);
    const before = memoryOf(front.pid).now;
    const socket = connect({ port: front.port, host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    const sent = pipeline(Readable.from(withSize()), socket);
    const received = digestOf(socket);
    await reload(2);
    const { last, ...body } = await received;
    await sent;
    expect(body).toEqual({ bytes: SIZE, sha256: digest() });
    expect(JSON.parse(last)).toEqual({ bytes: SIZE, sha256: digest() });
    expect(memoryOf(front.pid).peak - before).toBeLessThan(MOST_MEMORY);
    await retired(front, 1);
  });
});

function* content(): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const part = Buffer.alloc(64 * 1024);
  for (let left = SIZE; left > 0; left -= part.length) yield cipher.update(part);
}

function* withSize(): Generator<Buffer> {
  yield Buffer.from(`${SIZE}\n`);
  yield* content();
}

function digest(): string {
  const hash = createHash('sha256');
  for (const part of content()) hash.update(part);
  return hash.digest('hex');
}

/** Of the first SIZE bytes; what follows them is the last line. */
async function digestOf(parts: AsyncIterable<Buffer>) {
  const hash = createHash('sha256');
  let bytes = 0;
  let last = '';
  for await (const part of parts) {
    const body = part.subarray(0, SIZE - bytes);
    bytes += body.length;
    hash.update(body);
    last += part.toString('latin1', body.length);
  }
  return { bytes, sha256: hash.digest('hex'), last };
}
