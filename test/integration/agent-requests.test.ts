import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { enter, folder, IPV4, readAll, readUntil, Worker } from './agent-harness.ts';

const ask = (client: string, more = '') =>
  `GET / HTTP/1.1\r\n${client === '' ? '' : `x-zdlb-client: ${client}\r\n`}Host: example\r\n${more}\r\n`;

async function answered(socket: Socket, text: string): Promise<Record<string, unknown>> {
  socket.write(text);
  const answer = await readUntil(socket, '}}');
  return JSON.parse(answer.slice(answer.indexOf('{'))) as Record<string, unknown>;
}

describe('a shared connection', () => {
  it.each(['port', 'unix'])('shows each request its own client, over %s', async (transport) => {
    const settings = transport === 'unix' ? { socketFolder: folder() } : {};
    const worker = new Worker('agent/clients.cjs', { settings });
    const socket = enter(await worker.opened());
    const first = await answered(socket, ask('192.0.2.7 4711 198.51.100.1 8000'));
    expect(first).toEqual({
      remoteAddress: '192.0.2.7',
      remotePort: 4711,
      remoteFamily: 'IPv4',
      localAddress: '198.51.100.1',
      localPort: 8000,
      headers: { host: 'example' },
      rawHeaders: ['Host', 'example'],
      headersDistinct: { host: ['example'] },
    });
    const second = await answered(socket, ask('2001:db8::7 4712 2001:db8::1 8000'));
    expect(second).toMatchObject({ remoteAddress: '2001:db8::7', remotePort: 4712, remoteFamily: 'IPv6' });
    const again = await answered(socket, ask('192.0.2.7 4711 198.51.100.1 8000', 'Connection: close\r\n'));
    expect(again).toMatchObject({ remoteAddress: '192.0.2.7', headers: { connection: 'close' } });
  });

  it('shows an upgrade its client', async () => {
    const worker = new Worker('agent/clients.cjs');
    const socket = enter(await worker.opened());
    const upgrade = 'Connection: upgrade\r\nUpgrade: test\r\n';
    const seen = await answered(socket, ask('192.0.2.7 4711 198.51.100.1 8000', upgrade));
    expect(seen).toMatchObject({
      remotePort: 4711,
      rawHeaders: ['Host', 'example', 'Connection', 'upgrade', 'Upgrade', 'test'],
    });
  });

  it('shows the public port, and an unknown client as it is, without the field', async () => {
    const worker = new Worker('agent/clients.cjs');
    const seen = await answered(enter(await worker.opened()), ask(''));
    expect(seen).toMatchObject({ remoteAddress: '127.0.0.1', localPort: 8000, headers: { host: 'example' } });
  });

  it('leaves a request without any other field empty', async () => {
    const worker = new Worker('agent/clients.cjs');
    const socket = enter(await worker.opened());
    socket.write('GET / HTTP/1.0\r\nx-zdlb-client: 192.0.2.7 4711 198.51.100.1 8000\r\n\r\n');
    const answer = await readAll(socket);
    const empty = { remotePort: 4711, headers: {}, rawHeaders: [], headersDistinct: {} };
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject(empty);
  });

  it('shows no address for a client at a Unix socket, as Node shows none there', async () => {
    const worker = new Worker('agent/clients.cjs');
    const socket = enter(await worker.opened());
    expect(await answered(socket, ask('192.0.2.7 4711 198.51.100.1 8000'))).toMatchObject({ remotePort: 4711 });
    const seen = await answered(socket, ask('unix'));
    expect(Object.keys(seen)).toEqual(['headers', 'rawHeaders', 'headersDistinct']);
    expect(seen).toMatchObject({ headers: { host: 'example' } });
  });

  it('believes no field when the front tells of no clients', async () => {
    const worker = new Worker('agent/clients.cjs', { settings: { showsClients: false } });
    const seen = await answered(enter(await worker.opened()), ask('203.0.113.9 1 203.0.113.9 2'));
    expect(seen).toMatchObject({ remoteAddress: '127.0.0.1', localPort: 8000 });
  });

  it("is not closed by a worker that retires, as one client's own is that came to the same server (a probe's, say)", async () => {
    const worker = new Worker('agent/clients.cjs');
    const door = await worker.opened();
    const [shared, own] = [enter(door), enter(door, IPV4)];
    await answered(shared, ask('192.0.2.7 4711 198.51.100.1 8000'));
    await answered(own, ask(''));
    worker.channel.write(`${JSON.stringify({ type: 'retire', idleMs: 0, spreadMs: 0 })}\n`);
    await once(own, 'close');
    expect(await answered(shared, ask('192.0.2.8 4711 198.51.100.1 8000'))).toMatchObject({
      remoteAddress: '192.0.2.8',
    });
  });

  it("does not take a field from the program's limit", async () => {
    const worker = new Worker('agent/clients.cjs', { args: ['2'] });
    const seen = await answered(enter(await worker.opened()), ask('192.0.2.7 4711 198.51.100.1 8000', 'A: 1\r\n'));
    expect(seen).toMatchObject({ headers: { host: 'example', a: '1' } });
  });

  it('of one client believes no field', async () => {
    const worker = new Worker('agent/clients.cjs');
    const seen = await answered(enter(await worker.opened(), IPV4), ask('203.0.113.9 1 203.0.113.9 2'));
    expect(seen).toMatchObject({
      remoteAddress: '192.0.2.7',
      headers: { 'x-zdlb-client': '203.0.113.9 1 203.0.113.9 2' },
    });
  });

  // Only time shows that nothing happens. Node 20 adds a second to keepAliveTimeout; 0 leaves it to server.timeout.
  it.each([
    { keepAliveTimeout: '0', idleMs: 300 },
    { keepAliveTimeout: '1', idleMs: 1200 },
  ])('stays open while it is idle, whatever the program sets: %j', async ({ keepAliveTimeout, idleMs }) => {
    const worker = new Worker('agent/impatient.cjs', { args: [keepAliveTimeout] });
    const socket = enter(await worker.opened());
    for (const port of [4711, 4712]) {
      await delay(idleMs);
      socket.write(ask(`192.0.2.7 ${port} 198.51.100.1 8000`));
      expect(await readUntil(socket, String(port))).toMatch(/^HTTP\/1.1 200/);
    }
  });
});
