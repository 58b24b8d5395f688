import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentSettings } from '../../dist/core/messages.cjs';
import { folder, readAll, request, Worker, type WorkerOptions } from './agent-harness.ts';

/** What Node shows for a server that names no host. */
const wildcard = async () => {
  const native = new Worker('agent/listen.cjs', { args: ['listen(0)'], isNative: true });
  const { address } = (await native.messages.next()) as { address: object };
  return { ...address, port: 8000 };
};
describe('listen()', () => {
  const loopback = { address: '127.0.0.1', family: 'IPv4', port: 8000 };

  const forms: [form: string, expected: { host?: string; address: unknown }][] = [
    ['listen(port)', { address: 'wildcard' }],
    ['listen(string)', { address: 'wildcard' }],
    ['listen(port, callback)', { address: 'wildcard' }],
    ['listen(port, host)', { host: '127.0.0.1', address: loopback }],
    ['listen(port, backlog)', { address: 'wildcard' }],
    ['listen(port, name, backlog, callback)', { host: 'localhost', address: expect.objectContaining({ port: 8000 }) }],
    ['listen({ port })', { address: 'wildcard' }],
    ['listen({ port: string })', { address: 'wildcard' }],
    ['listen({ port, host })', { host: '0.0.0.0', address: { ...loopback, address: '0.0.0.0' } }],
    [
      'listen({ port, host: ::1 })',
      { host: '0:0:0:0:0:0:0:1', address: { address: '::1', family: 'IPv6', port: 8000 } },
    ],
    ['listen({ port, ipv6Only })', { address: 'wildcard' }],
    ['listen({ port, host: ::, ipv6Only })', { host: '::', address: { address: '::', family: 'IPv6', port: 8000 } }],
  ];

  const everywhere = forms.flatMap(([form, expected]) =>
    (['port', 'path'] as const).map((transport) => [form, transport, expected] as const),
  );

  it.each(everywhere)('%s is served at a private %s and shows its public address', async (form, transport, expects) => {
    const { host, address } = expects;
    const settings = transport === 'path' ? { socketFolder: folder() } : {};
    const worker = new Worker('agent/listen.cjs', { args: [form], settings });
    const { door, ipv6Only = false, ...listening } = await worker.listening();
    // Node 20 overlooks it without a host.
    if (form !== 'listen({ port, ipv6Only })') expect(ipv6Only).toBe(form.includes('ipv6Only'));
    expect(door!.address).toHaveProperty(transport);
    const expected = { type: 'listening', asked: 8000, port: 8000, protocol: 'http' };
    expect(listening).toEqual(host === undefined ? expected : { ...expected, host });
    const shown = address === 'wildcard' ? await wildcard() : address;
    expect(await worker.messages.next()).toEqual({ address: shown });
    expect(await request(door!)).toBe('here');
  });

  const untouched: [form: string, settings?: Partial<AgentSettings>][] = [
    ['listen(0)'],
    ['listen()'],
    ['listen({ exclusive })', { port: 8000 }],
    ['listen(path)', { port: 8000 }],
    ['listen({ path })', { port: 8000 }],
    ['listen(handle)', { port: 8000 }],
    ['listen(0)', { port: 'none' }],
    ['listen(0)', { port: 8000, ports: [[8000, 8000]] }],
  ];

  it.each(untouched)('%s with %j takes its native course', async (form, settings) => {
    const path = join(folder(), 'own.sock');
    const worker = new Worker('agent/listen.cjs', { args: [form, path], ...(settings && { settings }) });
    const { address } = (await worker.messages.next()) as { address: { port: number } | string };
    const socket = typeof address === 'string' ? connect(address) : connect(address.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: example\r\nConnection: close\r\n\r\n');
    expect(await readAll(socket)).toMatch(/here$/);
    expect(await worker.silence()).toBe(true);
  });

  const failing = ['listen(99999)', 'listen(unknown host)', 'listen twice', 'listen({ fd })'];

  it.each(failing)('%s fails as it does natively', async (form) => {
    const native = new Worker('agent/listen.cjs', { args: [form], port: 0, isNative: true });
    const worker = new Worker('agent/listen.cjs', { args: [form] });
    expect(await worker.messages.next()).toEqual(await native.messages.next());
  });

  it('on a port that the program itself holds fails as it does natively', async () => {
    const worker = new Worker('agent/listen.cjs', { args: ['listen on a taken port'] });
    const message = 'listen EADDRINUSE: address already in use 127.0.0.1:8000';
    expect(await worker.messages.next()).toEqual({ error: { message, code: 'EADDRINUSE', syscall: 'listen' } });
  });

  it('on a Unix socket keeps its path short and unlinks it in the end', async () => {
    const socketFolder = folder();
    const worker = new Worker('agent/closes.cjs', { settings: { socketFolder } });
    const { address } = await worker.opened();
    const { path } = address as { path: string };
    expect(readdirSync(socketFolder)).toEqual([
      expect.stringMatching(new RegExp(`^${worker.child.pid}-1-[0-9a-f]{8}\\.sock$`)),
    ]);
    worker.child.send('close');
    await worker.exited;
    expect(existsSync(path)).toBe(false);
  });

  it('anew after close() announces a new door', async () => {
    const worker = new Worker('agent/reopens.cjs');
    const [, second] = [await worker.opened(), await worker.opened()];
    expect(await request(second)).toBe('here');
  });

  it('anew on a path takes its native course', async () => {
    const path = join(folder(), 'own.sock');
    const worker = new Worker('agent/reopens.cjs', { args: [path] });
    await worker.opened();
    expect(await worker.messages.next()).toBe('again');
    const socket = connect(path);
    socket.write('GET / HTTP/1.1\r\nHost: example\r\nConnection: close\r\n\r\n');
    expect(await readAll(socket)).toMatch(/here$/);
    expect(await worker.silence()).toBe(true);
  });
});

describe('--port', () => {
  it('names the first server when none asks for it', async () => {
    const worker = new Worker('agent/listen.cjs', { args: ['listen(port)'], port: 3000, settings: { port: 8000 } });
    expect(await worker.messages.next()).toMatchObject({ address: { port: 8000 } });
    expect(await worker.listening()).toMatchObject({ asked: 3000, port: 8000 });
  });

  it.each(['listen(0)', 'listen()'])('names a first %s', async (form) => {
    const worker = new Worker('agent/listen.cjs', { args: [form], settings: { port: 8000 } });
    const { door, ...listening } = await worker.listening();
    expect(listening).toMatchObject({ asked: 0, port: 8000 });
    expect(await request(door!)).toBe('here');
  });

  it('is found in the map by later generations', async () => {
    const settings: WorkerOptions['settings'] = { port: 8000, ports: [[3000, 8000]] };
    const worker = new Worker('agent/listen.cjs', { args: ['listen(port)'], port: 3000, settings });
    expect(await worker.listening()).toMatchObject({ asked: 3000, port: 8000 });
  });

  it('none maps nothing', async () => {
    const worker = new Worker('agent/listen.cjs', {
      args: ['listen({ port, host })'],
      port: 0,
      settings: { port: 'none' },
    });
    const { address } = (await worker.messages.next()) as { address: { port: number } };
    expect(address.port).toBeGreaterThan(0);
    expect(await worker.silence()).toBe(true);
  });

  it('shows --host as its address', async () => {
    const worker = new Worker('agent/listen.cjs', {
      args: ['listen(port)'],
      settings: { port: 8000, host: '192.0.2.1' },
    });
    expect(await worker.messages.next()).toEqual({ address: { address: '192.0.2.1', family: 'IPv4', port: 8000 } });
  });

  it('moves both addresses of Fastify on localhost', async () => {
    const worker = new Worker('programs/fastify.mjs', { args: ['localhost'], port: 3000, settings: { port: 8000 } });
    expect(await worker.output.next()).toBe('fastify listens on port 8000');
    const first = await worker.listening();
    expect(first).toMatchObject({ asked: 3000, port: 8000, door: {} });
    expect(JSON.parse(await request(first.door!))).toMatchObject({ port: 8000 });
  });

  it('asked for too late is refused', async () => {
    const worker = new Worker('agent/late.cjs', { settings: { port: 8000 } });
    expect(await worker.listening()).toMatchObject({ asked: 3000, port: 8000 });
    worker.child.send('now');
    expect((await worker.refused()).reason).toMatch(
      /^the program asks for --port 8000, which its server on port 3000 /,
    );
  });

  it('leaves a listen(0) private when the public server comes after all', async () => {
    const worker = new Worker('agent/private-first.cjs', { settings: { port: 8000 } });
    expect(await request(await worker.opened())).toBe('public');
    const { port } = (await worker.messages.next()) as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}`);
    expect(await response.text()).toBe('own');
  });
});
