import { describe, expect, test } from 'vitest';
import { parseNetworks } from '../../src/core/networks.js';
import { Backend } from '../../src/proxy/backend.js';
import { probe } from '../../src/proxy/probe.js';
import { readProxyHeader } from '../../src/proxy/proxy-header.js';
import { ENGINES, GET, OK, type RelayOptions, openRelay } from '../kit/relay.js';
import { Stage, type Wire, dial } from '../kit/wire.js';

/** One hand-played worker that understands PROXY headers. */
async function scene(mode: 'http' | 'tcp', options: RelayOptions = {}) {
  const stage = await Stage.open();
  const relay = await openRelay(mode, { forwarded: 'auto', ...options });
  const backend = new Backend({ address: { port: stage.port } }, { sendsProxy: true });
  relay.balancer.swap([backend]);
  return { ...relay, stage };
}

/** What a connection to the worker opened with, and what stood behind it, once that ends as it should. */
async function opened(wire: Wire, end: string) {
  const bytes = Buffer.from(await wire.gets(new RegExp(`${end}$`)), 'latin1');
  const header = readProxyHeader(bytes);
  if (typeof header === 'string') throw new Error(`A ${header} header: ${JSON.stringify(String(bytes))}`);
  return { ends: header.ends, rest: bytes.toString('latin1', header.length) };
}

const endsOf = ({ socket }: Wire) => ({
  family: 'IPv4',
  sourceAddress: '127.0.0.1',
  sourcePort: socket.localPort,
  destinationAddress: '127.0.0.1',
  destinationPort: socket.remotePort,
});

test('in tcp mode a connection opens with its client', async () => {
  const { port, stage } = await scene('tcp');
  const client = await dial(port);
  client.send('hello');
  expect(await opened(await stage.accepts(), 'hello')).toEqual({ ends: endsOf(client), rest: 'hello' });
});

test('whom a header at the door names is named behind it', async () => {
  const vestibule = { acceptProxy: true, trustProxy: parseNetworks('127.0.0.1')!, headerTimeout: 10_000 };
  const { port, stage } = await scene('tcp', { vestibule });
  const client = await dial(port);
  client.send('PROXY TCP6 2001:db8::1 2001:db8::2 40000 443\r\nhello');
  const { ends } = await opened(await stage.accepts(), 'hello');
  expect(ends).toMatchObject({ family: 'IPv6', sourceAddress: '2001:db8::1', sourcePort: 40_000 });
});

test('an IPv4 client of a dual-stack port is an IPv4 client', () => {
  const backend = new Backend({ address: { port: 1 } }, { sendsProxy: true });
  const mapped = { sourceAddress: '::ffff:192.0.2.1', destinationAddress: '::ffff:192.0.2.2' };
  const header = backend.prefaceFor({ family: 'IPv6', ...mapped, sourcePort: 1, destinationPort: 2 });
  expect(readProxyHeader(header)).toMatchObject({
    ends: { family: 'IPv4', sourceAddress: '192.0.2.1', destinationAddress: '192.0.2.2' },
  });
});

test('a health probe speaks for nobody (LOCAL)', async () => {
  const stage = await Stage.open();
  const door = { address: { port: stage.port }, takesProxy: true } as const;
  const answered = probe({ door, port: 8_000, path: '/health' }, AbortSignal.timeout(5_000));
  const worker = await stage.accepts();
  const { ends, rest } = await opened(worker, '\r\n\r\n');
  expect([ends, rest.split('\r\n')[0]]).toEqual([undefined, 'GET /health HTTP/1.1']);
  worker.send(OK);
  await answered;
});

describe.each(ENGINES)('in http mode (%s)', (engine) => {
  test('each request has a connection of its own, which opens with its client', async () => {
    const { port, stage } = await scene('http', { engine });
    const clients = [await dial(port), await dial(port)];
    for (const client of [...clients, ...clients]) {
      client.send(GET);
      const worker = await stage.accepts();
      const { ends, rest } = await opened(worker, '\r\n\r\n');
      expect(ends).toEqual(endsOf(client));
      expect(rest).toMatch(/^GET \/ HTTP\/1\.1\r\n[^]*X-Forwarded-For: 127\.0\.0\.1\r\n/i);
      worker.send(OK);
      await worker.ends();
    }
    for (const client of clients) expect(await client.gets(/ok[^]*ok$/)).toMatch(/200 OK[^]*200 OK/);
  });

  test('a request that another worker gets, since the first was lost, opens its connection too', async () => {
    const { port, stage } = await scene('http', { engine });
    const client = await dial(port);
    client.send(GET);
    const first = await stage.accepts();
    await first.gets('\r\n\r\n');
    first.socket.resetAndDestroy();
    const { ends } = await opened(await stage.accepts(), '\r\n\r\n');
    expect(ends).toEqual(endsOf(client));
  });
});
