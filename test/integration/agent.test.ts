import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { IPV4, preload, request, Worker, type WorkerOptions } from './agent-harness.ts';

describe('programs run unmodified', () => {
  const programs: [name: string, options?: WorkerOptions][] = [
    ['express.cjs'],
    ['koa.cjs'],
    ['hapi.cjs'],
    ['esm.mjs'],
    ['fastify.mjs'],
    ['fastify.mjs', { args: ['0.0.0.0'] }],
    ['fastify.mjs', { args: ['localhost'] }],
    ['hard-coded-port.cjs', { settings: { port: 8000 } }],
  ];

  it.each(programs)('%s %j says its public port and sees its clients', async (program, options) => {
    const worker = new Worker(`programs/${program}`, options);
    const listening = await worker.listening();
    expect(listening).toMatchObject({ port: 8000, protocol: 'http' });
    expect(await worker.output.next()).toMatch(/listens on port 8000$/);
    const answer: unknown = JSON.parse(await request(listening.door!, IPV4));
    expect(answer).toEqual({ pid: worker.child.pid, port: 8000, remoteAddress: '192.0.2.7' });
  });

  it('two servers are two public ports', async () => {
    const worker = new Worker('programs/two-servers.cjs', { settings: { port: 8000 } });
    const [first, second] = [await worker.listening(), await worker.listening()];
    expect([first.port, second.port]).toEqual([8000, 9000]);
    expect(JSON.parse(await request(first.door!))).toMatchObject({ port: 8000 });
    expect(JSON.parse(await request(second.door!))).toMatchObject({ port: 9000 });
  });

  it('Fastify on localhost opens its further addresses without a door', async () => {
    const worker = new Worker('programs/fastify.mjs', { args: ['localhost'] });
    expect(await worker.listening()).toMatchObject({ asked: 8000, port: 8000, host: 'localhost', door: {} });
    const [, ...further] = await lookup('localhost', { all: true });
    for (const { address } of further) {
      const second = { type: 'listening', asked: 8000, port: 8000, host: address, protocol: 'http' };
      expect(await worker.listening()).toEqual(second);
    }
  });

  it('with IPC of their own', async () => {
    const worker = new Worker('agent/ipc.cjs');
    expect(await worker.messages.next()).toBe('ready');
    const { child } = worker;
    child.send({ any: 'thing' });
    expect(await worker.messages.next()).toEqual({ echo: { any: 'thing' } });
    child.send('disconnect');
    expect(await worker.messages.next()).toEqual({ echo: 'disconnect' });
    if (child.connected) await once(child, 'disconnect');
    expect(await request(await worker.opened())).toBe('here');
  });

  it('and end when they have nothing left to do', async () => {
    const worker = new Worker('agent/ends.cjs');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    const server = new Worker('agent/closes.cjs');
    await server.listening();
    server.child.send('close');
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('their children and threads know nothing of the agent', async () => {
    for (const spelling of ['--require=', '--require', '-r'] as const) {
      const worker = new Worker('agent/children.cjs', { execArgv: ['--no-warnings', ...preload(spelling)] });
      const untouched = { execArgv: ['--no-warnings'] };
      expect(await worker.messages.next()).toEqual({ self: untouched });
      expect(await worker.messages.next()).toEqual({ child: untouched });
      expect(JSON.parse(await worker.output.next())).toEqual({ thread: untouched });
    }
  });
});

describe('the channel', () => {
  it('takes the worker along when the front is gone, whatever the program does about it', async () => {
    const worker = new Worker('agent/spins.cjs');
    await worker.listening();
    worker.channel.destroy();
    expect(await worker.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it.each(['cluster.cjs', 'cluster.mjs'])('refuses cluster.fork() in %s', async (program) => {
    const worker = new Worker(`agent/${program}`);
    const { reason } = await worker.refused();
    expect(reason).toMatch(/cluster\.fork\(\).*--workers/);
    expect((await worker.exited).code).not.toBe(0);
    expect(worker.errors).toContain(`Error: ${reason}`);
  });
});
