import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { parseConfig, type ConfigInput } from '../../../dist/core/config.js';
import type { Listening } from '../../../dist/core/messages.cjs';
import type { Readiness } from '../../../dist/supervisor/readiness.js';
import type { Spawned, Spawner } from '../../../dist/supervisor/spawn.js';
import { Worker } from '../../../dist/supervisor/worker.js';
import { RecordedJournal } from '../../fixtures/supervisor/journal.ts';

// No process has this number, so that signals to its group go nowhere.
const PID = 2 ** 22 + 1;

/** A process that does what the test says, and notes the signals that it is sent. */
class FakeProcess extends EventEmitter {
  readonly signals: string[] = [];
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly channel = new PassThrough();

  kill(signal: string): boolean {
    this.signals.push(signal);
    return true;
  }

  say(message: unknown): void {
    this.channel.write(`${JSON.stringify(message)}\n`);
  }

  exit(code: number | null, signal: string | null = null): void {
    this.emit('exit', code, signal);
    for (const stream of [this.stdout, this.stderr, this.channel]) stream.destroy();
  }

  get spawner(): Spawner {
    const { stdout, stderr, channel } = this;
    return () => ({ process: this as unknown as Spawned['process'], pid: PID, stdout, stderr, channel });
  }
}

const launch = { name: 'app', node: 'node', nodeArgs: [], script: '/app.js', args: [], cwd: '/', env: {} };

function hire(spawn: Spawner, readiness: Readiness = { kind: 'listening' }, input: ConfigInput = {}) {
  const journal = new RecordedJournal();
  const registered: string[] = [];
  const warden = {
    add: (pid: number) => registered.push(`+${pid}`),
    remove: (pid: number) => registered.push(`-${pid}`),
  };
  const announced = vi.fn<(listening: Listening) => void>();
  const config = parseConfig(input, 'usage', String);
  const worker = new Worker(
    { slot: 2, generation: 1, launch, config, ports: undefined },
    {
      spawn,
      warden,
      journal,
      demands: { readiness, waitReady: config.waitReady },
      admit: ({ port }) => (port === 13 ? 'asks for port 13' : undefined),
      announced,
      felt: () => {},
    },
  );
  return { worker, journal, registered, announced };
}

const listening = (port: number) => ({
  type: 'listening',
  asked: port,
  port,
  protocol: 'http',
  door: { address: { port: 40_000 }, secret: 'ab' },
});

test.each([
  ['at once', (failed: (reason: string) => void) => failed('spawn ENOMEM')],
  ['later', (failed: (reason: string) => void) => setImmediate(failed, 'spawn EAGAIN')],
])('a process that the system refuses %s is a worker that has exited', async (_, refuse) => {
  const { worker, journal } = hire((_post, failed) => {
    refuse(failed);
    return undefined;
  });
  expect(worker.state).toBe('starting');
  await expect(worker.ready).rejects.toThrow(/^Worker 2 could not be started: spawn E/);
  expect(await worker.exited).toMatchObject({ from: 'starting', code: null });
  await worker.gone;
  expect(journal.all('worker.exited')).toMatchObject([{ level: 'error', slot: 2 }]);
});

test('a worker is registered with the warden in the tick of its start, and until its group is gone', async () => {
  const child = new FakeProcess();
  const { worker, registered } = hire(child.spawner);
  expect(registered).toEqual([`+${PID}`]);
  child.exit(0);
  await worker.gone;
  expect(registered).toEqual([`+${PID}`, `-${PID}`]);
});

test('a worker is ready with the last of its ports, and has a door for each', async () => {
  const child = new FakeProcess();
  const { worker, announced } = hire(child.spawner, { kind: 'ports', ports: [80, 81] });
  onTestFinished(() => child.exit(0));
  child.say(listening(81));
  await vi.waitFor(() => expect(announced).toHaveBeenCalledTimes(1));
  expect(worker.state).toBe('starting');
  child.say(listening(80));
  await worker.ready;
  const door = { address: { port: 40_000 }, secret: 'ab', protocol: 'http' };
  expect([...worker.doors]).toEqual([
    [81, door],
    [80, door],
  ]);
});

test('a port that is not admitted fails a starting worker, and is passed over by a ready one', async () => {
  const starting = new FakeProcess();
  const { worker } = hire(starting.spawner);
  starting.say(listening(13));
  await expect(worker.ready).rejects.toThrow('Worker 2 asks for port 13');
  expect(starting.signals).toEqual(['SIGTERM']);
  starting.exit(null, 'SIGTERM');

  const ready = new FakeProcess();
  const other = hire(ready.spawner);
  onTestFinished(() => ready.exit(0));
  ready.say(listening(80));
  ready.say(listening(13));
  await other.journal.first('worker.refused');
  expect(other.worker.state).toBe('ready');
  expect(other.worker.doors.has(13)).toBe(false);
});

test('rubbish from a worker is logged and does no harm', async () => {
  const child = new FakeProcess();
  const { worker, journal } = hire(child.spawner);
  onTestFinished(() => child.exit(0));
  child.channel.write('rubbish\n');
  child.say(listening(80));
  await worker.ready;
  expect(journal.all('worker.malformed')).toHaveLength(1);
});

test('a drain ends with the work, with the drain timeout, or with the worker', async () => {
  for (const [done, drainTimeout, crash] of [
    [Promise.resolve(), '60s', false],
    [new Promise<void>(() => {}), '10ms', false],
    [new Promise<void>(() => {}), '60s', true],
  ] as const) {
    const child = new FakeProcess();
    const { worker } = hire(child.spawner, undefined, { drainTimeout });
    child.say(listening(80));
    await worker.ready;
    const drained = worker.drain(done);
    expect(worker.state).toBe('draining');
    if (crash) child.exit(1);
    await drained;
    if (!crash) child.exit(0);
  }
});

test('output is logged by line, and what came before the exit is in its report', async () => {
  const child = new FakeProcess();
  const { worker, journal } = hire(child.spawner);
  child.stdout.write('hel');
  child.stdout.write('lo\n');
  child.stderr.write('Error: no database\n    at app.js:1');
  child.emit('exit', 1, null);
  child.stderr.end('\nlast words');
  child.stdout.end();
  await expect(worker.ready).rejects.toMatchObject({
    message: 'Worker 2 exited with code 1 before it was ready: Error: no database',
    lastLines: ['Error: no database', '    at app.js:1', 'last words'],
  });
  // Each stream keeps its order; between two pipes there is none.
  const output = journal.all('worker.output');
  expect(output.filter(({ stream }) => stream === 'stdout')).toMatchObject([
    { message: 'hello', slot: 2, generation: 1, pid: PID },
  ]);
  expect(output.filter(({ stream }) => stream === 'stderr')).toMatchObject([
    { message: 'Error: no database' },
    { message: '    at app.js:1' },
    { message: 'last words' },
  ]);
  expect(journal.lines.at(-1)).toMatchObject({ event: 'worker.exited', level: 'error', code: 1, state: 'starting' });
});

test('output that somebody holds open delays a failure by no more than a moment', async () => {
  const child = new FakeProcess();
  const { worker } = hire(child.spawner);
  const began = performance.now();
  child.emit('exit', 1, null);
  await expect(worker.ready).rejects.toThrow('exited with code 1');
  expect(performance.now() - began).toBeLessThan(1_000);
});

test('a stopped worker is killed after the kill timeout, once', async () => {
  const child = new FakeProcess();
  const { worker, journal } = hire(child.spawner, undefined, { killTimeout: '10ms', stopSignal: 'SIGINT' });
  worker.stop();
  worker.stop();
  expect(child.signals).toEqual(['SIGINT']);
  await expect(worker.ready).rejects.toThrow('stopped before it was ready');
  await journal.first('worker.killed');
  child.exit(null, 'SIGKILL');
  await worker.gone;
  expect(journal.all('worker.killed')).toHaveLength(1);
  expect(journal.all('worker.exited')).toMatchObject([{ level: 'info', state: 'stopping' }]);
});
