import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Backend } from '../../src/proxy/backend.js';
import { temporaryFolder } from '../kit/folder.ts';
import { ENGINES, GET, OK, type RelayOptions, backendAt, openRelay } from '../kit/relay.ts';
import { Stage, dial } from '../kit/wire.ts';

const SECRET = '00112233445566778899aabbccddeeff';

/** A public Unix socket, and a worker behind it. */
async function scene(
  mode: 'http' | 'tcp',
  { hasAgent = false, ...options }: RelayOptions & { hasAgent?: boolean } = {},
) {
  const stage = await Stage.open();
  const relay = await openRelay(mode, options);
  const path = join(temporaryFolder(), 'app.sock');
  await relay.listener.open({ path });
  const backend = hasAgent ? new Backend({ address: { port: stage.port }, secret: SECRET }) : backendAt(stage.port);
  relay.balancer.swap([backend]);
  return { ...relay, stage, path, backend, client: await dial(path) };
}

describe.each(ENGINES)('at a public Unix socket, engine %s', (engine) => {
  test('requests are answered, and the next ones on the same connection', async () => {
    const { client, stage } = await scene('http', { engine });
    for (let request = 1; request <= 2; request++) client.send(GET);
    const worker = await stage.accepts();
    await worker.gets('\r\n\r\n');
    worker.send(OK);
    await worker.gets(/GET[^]*GET[^]*\r\n\r\n/);
    worker.send(OK);
    await client.gets(/ok[^]*ok/);
  });

  test('the agent is told that the client has no address', async () => {
    const { client, stage } = await scene('http', { engine, hasAgent: true });
    client.send(GET);
    const worker = await stage.accepts();
    expect(await worker.gets(/x-zdlb-client[^]*\r\n\r\n/)).toMatch(/x-zdlb-client: unix\r\n/);
  });

  test('X-Forwarded-For says unix:, as nginx does, and the client is not believed', async () => {
    const { client, stage } = await scene('http', { engine, forwarded: 'on', trusts: () => false });
    client.send('GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Port: 7\r\n\r\n');
    const head = await (await stage.accepts()).gets('\r\n\r\n');
    expect(head.match(/^x-forwarded-.*/gim)?.map((line) => line.toLowerCase())).toEqual([
      'x-forwarded-for: unix:',
      'x-forwarded-proto: http',
      'x-forwarded-host: a',
    ]);
  });

  test('an answer that is cut short upstream ends in the middle', async () => {
    const { client, stage, relay } = await scene('http', { engine });
    client.send(GET);
    const worker = await stage.accepts();
    await worker.gets('\r\n\r\n');
    worker.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    await client.gets('half');
    worker.socket.resetAndDestroy();
    expect(await client.ends()).toMatch(/half$/);
    expect(relay.connections).toBe(0);
  });

  test('a tunnel passes bytes both ways, and ends', async () => {
    const { client, stage } = await scene('http', { engine });
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    const worker = await stage.accepts();
    await worker.gets('\r\n\r\n');
    worker.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    await client.gets('\r\n\r\n');
    client.send('ping');
    await worker.gets('ping');
    worker.send('pong');
    await client.gets('pong');
    client.socket.destroy();
    await worker.ends();
  });

  test('a bound per address bounds nobody', async () => {
    const bounds = { maxConnections: 100, maxConnectionsPerAddress: 1, holdMax: 10, holdTimeout: 5_000 };
    const { path, client, stage, admission } = await scene('http', { engine, bounds });
    for (const each of [client, await dial(path)]) each.send(GET);
    await Promise.all([stage.accepts(), stage.accepts()]);
    expect(admission.parked).toBe(0);
  });
});

describe('at a public Unix socket, in tcp mode', () => {
  test('each side ends for itself', async () => {
    const { client, stage } = await scene('tcp');
    const worker = await stage.accepts();
    client.send('question');
    client.socket.end();
    expect(await worker.ends()).toBe('question');
    worker.send('answer');
    worker.socket.end();
    expect(await client.ends()).toBe('answer');
  });

  test('a reset by the worker ends the connection', async () => {
    const { client, stage, backend, relay } = await scene('tcp');
    const worker = await stage.accepts();
    worker.send('hello');
    await client.gets('hello');
    worker.socket.resetAndDestroy();
    await client.ends();
    await backend.drained();
    await expect.poll(() => relay.connections).toBe(0);
  });
});
