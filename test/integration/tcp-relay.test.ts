import { once } from 'node:events';
import { expect, test } from 'vitest';
import { Backend } from '../../src/proxy/backend.js';
import { FIXED_LENGTH, decode, restLength } from '../../src/core/proxy-protocol.cjs';
import { backendAt, openRelay } from '../kit/relay.js';
import { Stage, dial } from '../kit/wire.js';

/** A client and the worker that got its connection. */
async function scene() {
  const stage = await Stage.open();
  const relay = await openRelay('tcp');
  const backend = backendAt(stage.port);
  relay.balancer.swap([backend]);
  const client = await dial(relay.port);
  return { ...relay, client, worker: await stage.accepts(), backend };
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

test('memory stays bounded with a side that does not read', async () => {
  const { client, worker } = await scene();
  const most = 64 * 1024 * 1024;
  worker.socket.pause();
  const piece = Buffer.alloc(64 * 1024);
  while (client.socket.bytesWritten < most) {
    if (client.socket.write(piece)) continue;
    const drained = once(client.socket, 'drain').then(() => true);
    if (!(await Promise.race([drained, new Promise<false>((resolve) => setTimeout(() => resolve(false), 500))]))) break;
  }
  expect(client.socket.bytesWritten - client.socket.writableLength).toBeLessThan(most);
  worker.socket.resume();
  await once(client.socket, 'drain');
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
