import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Backend } from '../../src/proxy/backend.js';
import { FIXED_LENGTH, decode, restLength } from '../../src/core/proxy-protocol.cjs';
import { type RelayOptions, SETTINGS, backendAt, openRelay } from '../kit/relay.js';
import { Stage, type Wire, dial } from '../kit/wire.js';

const MOST = 64 * 1024 * 1024;
/** Nothing moves for this long: both sides are stuck. */
const STUCK_MS = 300;

/** A client and the worker that got its connection. */
async function scene(options: RelayOptions = {}) {
  const stage = await Stage.open();
  const relay = await openRelay('tcp', options);
  const backend = backendAt(stage.port);
  relay.balancer.swap([backend]);
  const client = await dial(relay.port);
  return { ...relay, client, stage, worker: await stage.accepts(), backend };
}

test('bytes pass untouched both ways', async () => {
  const { client, worker } = await scene();
  client.send('\0\r\nup\xff');
  expect(await worker.gets('\xff')).toBe('\0\r\nup\xff');
  worker.send('\0down\xfe');
  expect(await client.gets('\xfe')).toBe('\0down\xfe');
});

test('each side ends for itself', async () => {
  const { client, worker, backend, relay } = await scene();
  client.send('question');
  client.socket.end();
  expect(await worker.ends()).toBe('question');
  worker.send('answer');
  worker.socket.end();
  expect(await client.ends()).toBe('answer');
  expect(client.end).toBe('fin');
  await backend.drained();
  expect(relay.connections).toBe(0);
});

test('the worker may end first', async () => {
  const { client, worker } = await scene();
  worker.send('greeting');
  worker.socket.end();
  expect(await client.ends()).toBe('greeting');
  client.send('late');
  client.socket.end();
  expect(await worker.ends()).toBe('late');
});

test('a reset by the worker resets the client', async () => {
  const { client, worker } = await scene();
  client.send('hello');
  await worker.gets('hello');
  worker.socket.resetAndDestroy();
  await client.ends();
  expect(client.end).toBe('reset');
});

test('a reset by the client resets the worker', async () => {
  const { client, worker, backend } = await scene();
  client.send('hello');
  await worker.gets('hello');
  client.socket.resetAndDestroy();
  await worker.ends();
  expect(worker.end).toBe('reset');
  await backend.drained();
});

test.for(['client', 'worker'] as const)('a %s that resets behind its bytes resets the other', async (first) => {
  const { client, worker, backend } = await scene();
  const [source, other] = first === 'client' ? [client, worker] : [worker, client];
  other.send('hello');
  await source.gets('hello'); // joined: before, nothing would have been sent to anybody
  for (const _ of [1, 2, 3]) source.send('some bytes');
  source.socket.resetAndDestroy();
  await other.ends();
  other.send('anyone?'); // Node up to 22 takes a reset right behind bytes for an end, until it writes
  while (!other.socket.destroyed) await new Promise(setImmediate);
  expect(other.end).toBe('reset');
  await backend.drained();
});

/** Sends until nothing more is taken. */
async function fill(source: Wire): Promise<number> {
  const piece = Buffer.alloc(64 * 1024);
  while (source.socket.bytesWritten < MOST) {
    if (source.socket.write(piece)) continue;
    const drained = once(source.socket, 'drain').then(() => true);
    const isTaken = await Promise.race([drained, pause(STUCK_MS, false)]);
    if (!isTaken) break;
  }
  return source.socket.bytesWritten - source.socket.writableLength;
}

test.for(['client', 'worker'] as const)('memory stays bounded when only the %s sends', async (first) => {
  const { client, worker } = await scene();
  const [source, other] = first === 'client' ? [client, worker] : [worker, client];
  other.socket.pause();
  expect(await fill(source)).toBeLessThan(MOST);
  other.socket.resume();
  await once(source.socket, 'drain');
});

test.for(['client', 'worker'] as const)('a %s that resets while nobody reads it is noticed', async (first) => {
  const { client, worker, backend, relay } = await scene();
  const [source, other] = first === 'client' ? [client, worker] : [worker, client];
  other.socket.pause();
  await fill(source);
  source.socket.resetAndDestroy();
  await backend.drained();
  while (relay.connections > 0) await new Promise(setImmediate);
});

test('a worker is let go of when its last byte has come, however slowly its client reads', async () => {
  const { client, worker, backend, relay } = await scene();
  client.socket.pause();
  worker.socket.end(Buffer.alloc(8 * 1024 * 1024));
  client.socket.end();
  await pause(100);
  client.socket.resume();
  expect((await client.ends()).length).toBe(8 * 1024 * 1024);
  expect(client.end).toBe('fin');
  await backend.drained();
  while (relay.connections > 0) await new Promise(setImmediate);
});

test('a connection on which nothing moves is closed, one on which something does is not', async () => {
  const { client, worker, port, relay, stage } = await scene();
  const idle = await dial(port);
  await stage.accepts();
  relay.settings = { ...SETTINGS, idleTimeout: 100 }; // as a reload does
  let talks = 0;
  const talking = setInterval(() => worker.send(`${++talks}.`), 10);
  await idle.ends();
  clearInterval(talking);
  expect(talks).toBeGreaterThan(1);
  expect(client.end).toBeUndefined();
  client.send('still here');
  await worker.gets('still here');
  expect(relay.connections).toBe(1);
  client.socket.pause();
  await fill(worker);
  await worker.ends(); // a client that takes nothing is idle, too
});

test('connections are bounded as in http mode, in all and by address', async () => {
  const bounds = { maxConnections: 2, maxConnectionsPerAddress: 1, holdMax: 1, holdTimeout: 5_000 };
  const { stage, ...relay } = await scene({ bounds });
  const second = await dial(relay.port);
  second.send('waits');
  while (relay.admission.parked < 1) await new Promise(setImmediate);
  expect(await (await dial(relay.port)).ends()).toBe('');
  expect(relay.relay.connections).toBe(1);
  relay.client.socket.end();
  relay.worker.socket.end();
  const worker = await stage.accepts();
  expect(await worker.gets('waits')).toBe('waits');
  expect(relay.admission.open).toBe(1);
});

test('a worker that cannot be reached leaves the connection to another', async () => {
  const [gone, stage] = await Promise.all([Stage.open(), Stage.open()]);
  const relay = await openRelay('tcp');
  relay.balancer.swap([gone, stage].map(({ port }) => backendAt(port)));
  gone.close();
  for (const _ of [1, 2, 3]) {
    const client = await dial(relay.port);
    const worker = await stage.accepts();
    client.send('hello');
    await worker.gets('hello');
  }
});

test('what a client sent is kept, within its bound, until a worker is reached', async () => {
  const [gone, stage] = await Promise.all([Stage.open(), Stage.open()]);
  const relay = await openRelay('tcp', { maxBufferSize: 4_096 });
  const client = await dial(relay.port);
  const all = 'x'.repeat(MOST / 8);
  client.send(`${all}.`);
  while (relay.balancer.waiting < 1) await new Promise(setImmediate);
  await pause(100);
  expect(client.socket.writableLength).toBeGreaterThan(0);
  relay.balancer.swap([gone, stage].map(({ port }) => backendAt(port)));
  gone.close();
  const worker = await stage.accepts();
  expect((await worker.gets('.')).length).toBe(all.length + 1);
});

test('connections wait while no worker is ready, and close when it takes too long', async () => {
  const relay = await openRelay('tcp', { hold: { timeout: 5_000, max: 1 } });
  const stage = await Stage.open();
  const first = await dial(relay.port);
  first.send('early');
  while (relay.balancer.waiting < 1) await new Promise(setImmediate);
  const second = await dial(relay.port);
  expect(await second.ends()).toBe('');
  relay.balancer.swap([backendAt(stage.port)]);
  const worker = await stage.accepts();
  expect(await worker.gets('early')).toBe('early');
});

test("the worker gets a PROXY header with its secret and the client's address first", async () => {
  const stage = await Stage.open();
  const relay = await openRelay('tcp');
  const secret = '00112233445566778899aabbccddeeff';
  relay.balancer.swap([new Backend({ address: { port: stage.port }, secret })]);
  const client = await dial(relay.port);
  client.send('hello');
  const worker = await stage.accepts();
  const bytes = Buffer.from(await worker.gets('hello'), 'latin1');
  const fixed = bytes.subarray(0, FIXED_LENGTH);
  const rest = bytes.subarray(FIXED_LENGTH, FIXED_LENGTH + restLength(fixed));
  expect(decode(fixed, rest)).toEqual({
    command: 'PROXY',
    secret: Buffer.from(secret, 'hex'),
    ends: {
      family: 'IPv4',
      sourceAddress: '127.0.0.1',
      sourcePort: client.socket.localPort,
      destinationAddress: '127.0.0.1',
      destinationPort: relay.port,
    },
  });
  expect(bytes.length).toBe(FIXED_LENGTH + rest.length + 5);
});

test('a client that leaves while it waits gives up its place', async () => {
  const relay = await openRelay('tcp', { hold: { timeout: 5_000, max: 1 } });
  const client = await dial(relay.port);
  while (relay.balancer.waiting < 1) await new Promise(setImmediate);
  client.socket.resetAndDestroy();
  while (relay.balancer.waiting > 0) await new Promise(setImmediate);
  expect(relay.relay.connections).toBe(0);
});

test('what a client sent, and that it ended, while it waited reaches its worker', async () => {
  const stage = await Stage.open();
  const relay = await openRelay('tcp');
  const client = await dial(relay.port);
  client.send('early');
  client.socket.end();
  while (relay.balancer.waiting < 1) await new Promise(setImmediate);
  await new Promise((resolve) => setTimeout(resolve, 20));
  relay.balancer.swap([backendAt(stage.port)]);
  const worker = await stage.accepts();
  expect(await worker.ends()).toBe('early');
  worker.socket.end('late');
  expect(await client.ends()).toBe('late');
});
