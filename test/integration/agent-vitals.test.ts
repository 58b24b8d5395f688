import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { watchStalls } from '../kit/stalls.ts';
import { enter, IPV4, preload, readAll, Worker } from './agent-harness.ts';

const LOADS_PROCESS = fileURLToPath(new URL('../fixtures/agent/loads-process.cjs', import.meta.url));

const BEAT = { settings: { beatMs: 50 } };

describe('the vitals', () => {
  it('come beat by beat, with the memory that the worker holds', async () => {
    const worker = new Worker('agent/blocks.cjs', BEAT);
    const first = await worker.vitals.next();
    expect(first).toEqual({
      type: 'vitals',
      memoryBytes: expect.any(Number),
      loopDelayMs: expect.any(Number),
      answers: 0,
      errors: 0,
      inFlight: 0,
      cpuSeconds: expect.any(Number),
      cpu: expect.any(Number),
    });
    expect(first.memoryBytes).toBeGreaterThan(16e6);
    expect(first.memoryBytes).toBeLessThan(1e9);
    const started = performance.now();
    for (let beat = 0; beat < 4; beat++) await worker.vitals.next();
    expect(performance.now() - started).toBeGreaterThan(100);
  });

  it('stay away while the event loop is blocked, and then tell for how long', async () => {
    const worker = new Worker('agent/blocks.cjs', BEAT);
    await worker.vitals.next();
    const stalledMs = watchStalls();
    worker.child.send(600);
    expect(await worker.messages.next()).toBe('through');
    const late: number[] = [];
    while (late.every((ms) => ms < 400)) late.push((await worker.vitals.next()).loopDelayMs);
    expect(late.length).toBeLessThan(4);
    expect(late.at(-1)).toBeLessThan(1_000 + stalledMs());
    const { loopDelayMs } = await worker.vitals.next();
    expect(loopDelayMs).toBeLessThan(400 + stalledMs());
  });

  it('end with a program that has nothing left to do', async () => {
    const worker = new Worker('agent/ends.cjs', { settings: { beatMs: 5 } });
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(await worker.vitals.next()).toMatchObject({ type: 'vitals' });
  });

  it('go on with the last figure where the program has used up its descriptors', async () => {
    const worker = new Worker('agent/no-descriptors.cjs', BEAT);
    await worker.vitals.next();
    worker.child.send('all');
    expect(await worker.messages.next()).toBe('EMFILE');
    while (!worker.vitals.isEmpty) await worker.vitals.next();
    expect((await worker.vitals.next()).memoryBytes).toBeGreaterThan(16e6);
    expect((await worker.vitals.next()).memoryBytes).toBeGreaterThan(16e6);
  });

  it('do not pile up for a front that does not read', async () => {
    const worker = new Worker('agent/beats.cjs', { settings: { beatMs: 1 } });
    await worker.vitals.next();
    worker.channel.pause();
    worker.child.send(2_000);
    const beats = (await worker.messages.next()) as number;
    worker.channel.resume();
    await worker.exited;
    expect(worker.vitals.length).toBeLessThan(beats / 2);
  });
});

/** Sends one request after the other, and waits for a beat behind the last answer. */
async function askAll(worker: Worker, socket: Socket, ...heads: string[]): Promise<void> {
  socket.end(heads.map((head) => `GET ${head}\r\nHost: a\r\n\r\n`).join(''));
  await readAll(socket);
  while (!worker.vitals.isEmpty) await worker.vitals.next();
  await worker.vitals.next();
}

describe('the answers that the agent counts', () => {
  const heads = ['/200 HTTP/1.1', '/404 HTTP/1.1', '/500 HTTP/1.1', '/503 HTTP/1.1', '/304 HTTP/1.1'];

  it('are those of its HTTP servers where no proxy stands before them, but none to health probes', async () => {
    const worker = new Worker('agent/answers.cjs', { settings: { beatMs: 20, takesConnections: true } });
    const door = await worker.opened();
    await askAll(worker, enter(door, IPV4), ...heads, '/500 HTTP/1.1\r\nUser-Agent: zdlb-health');
    expect(await worker.vitals.next()).toMatchObject({ answers: 5, errors: 2 });
  });

  it('are none where the front counts', async () => {
    const worker = new Worker('agent/answers.cjs', { settings: { beatMs: 20 } });
    const door = await worker.opened();
    await askAll(worker, enter(door, IPV4), ...heads);
    expect(await worker.vitals.next()).toMatchObject({ answers: 0, errors: 0 });
  });
});

describe("the program's process.send('ready')", () => {
  const WAITS = { settings: { waitReady: true } };

  it.each(['plain', 'with a callback', 'bound', 'twice'])('is noticed (%s), and goes its own way', async (form) => {
    const worker = new Worker('agent/ready.cjs', { ...WAITS, args: [form] });
    await worker.saidReady();
    expect(await worker.messages.next()).toBe('ready');
    expect(await worker.output.next()).toBe('returned true');
    if (form === 'with a callback') expect(await worker.output.next()).toBe('callback null');
  });

  it.each([[], ['--require', LOADS_PROCESS]])('is noticed from an import of its name (%s)', async (...before) => {
    const worker = new Worker('agent/ready.mjs', { ...WAITS, execArgv: [...before, ...preload('--require')] });
    await worker.saidReady();
    expect(await worker.messages.next()).toBe('ready');
    expect(await worker.output.next()).toBe('returned true');
  });

  it.each(['unbound', 'something else'])('is not, where Node sends no such thing (%s)', async (form) => {
    const native = new Worker('agent/ready.cjs', { isNative: true, args: [form] });
    const worker = new Worker('agent/ready.cjs', { ...WAITS, args: [form] });
    expect(await worker.output.next()).toBe(await native.output.next());
    await worker.exited;
    expect(await worker.silence()).toBe(true);
  });

  it('is nothing to the front that does not wait for it', async () => {
    const worker = new Worker('agent/ready.cjs', { args: ['plain'] });
    expect(await worker.messages.next()).toBe('ready');
    expect(await worker.silence()).toBe(true);
  });

  it('leaves process.disconnect() to the program', async () => {
    const worker = new Worker('agent/ipc.cjs', WAITS);
    await worker.saidReady(); // the program says it in the turn in which it listens
    await worker.listening();
    worker.child.send('disconnect');
    if (worker.child.connected) await once(worker.child, 'disconnect');
    expect(await worker.vitals.next()).toMatchObject({ type: 'vitals' });
  });
});
