import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Instance, type Options, WorkerFailure, ZdlbError, start } from '../../dist/index.js';
import { freePort } from '../kit/free-port.ts';
import { newHome } from '../kit/front.ts';
import { temporaryFolder } from '../kit/folder.ts';
import { Release } from '../kit/release.ts';
import { zdlb } from '../kit/verb.ts';

const run = promisify(execFile);
const EXAMPLE = fileURLToPath(new URL('../../examples/library.js', import.meta.url));
const DIST = new URL('../../dist/index.js', import.meta.url).href;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const;

const source = (version: number) => `
  const server = require('node:http').createServer((_, response) => response.end('version ${version}'));
  server.listen(process.env.PORT, () => console.log('listening'));`;

/** An instance with one worker, unless `options` say more; it ends with its test. */
async function begin(options: Partial<Options> = {}): Promise<{ instance: Instance; release: Release; port: number }> {
  const release = await Release.create(source);
  const port = await freePort();
  const instance = start({ script: release.script, port, workers: 1, ...options });
  onTestFinished(() => instance.stopNow());
  return { instance, release, port };
}

const answer = async (port: number) => (await fetch(`http://localhost:${port}/`)).text();

describe('an instance that code has started', () => {
  test('serves, tells its status, reloads, scales, and stops', async () => {
    const { instance, release, port } = await begin();
    const listeners = SIGNALS.map((signal) => process.listenerCount(signal));
    await instance.ready;
    expect(await answer(port)).toBe('version 1');
    expect(await instance.status()).toMatchObject({
      name: 'server',
      state: 'serving',
      generation: 1,
      pid: process.pid,
    });
    await release.deploy(2);
    expect(await instance.reload()).toEqual({ generation: 2, durationMs: expect.any(Number) as number });
    expect(await answer(port)).toBe('version 2');
    expect(await instance.scale('+1')).toBe(2);
    expect(await instance.scale(1)).toBe(1);
    await expect(instance.rollback()).rejects.toMatchObject({ code: 'cold' });
    await instance.retired();
    expect(SIGNALS.map((signal) => process.listenerCount(signal))).toEqual(listeners);
    await instance.stop();
    await instance.stopped;
    await expect(answer(port)).rejects.toThrow(/fetch failed/);
    await expect(instance.reload()).rejects.toMatchObject({ code: 'stopping' });
    await instance.stop();
  });

  test('fails a reload to broken code with its last words, and serves on', async () => {
    const { instance, release, port } = await begin();
    await instance.ready;
    await release.deploy(2, 'console.error("no such table"); process.exit(1)');
    const failed = once(instance, 'reload.failed');
    const error: unknown = await instance.reload().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WorkerFailure);
    expect(error).toMatchObject({ code: 'worker', lastLines: ['no such table'] });
    expect(await failed).toEqual([
      expect.objectContaining({ generation: 2, level: 'error', lastLines: ['no such table'] }),
    ]);
    expect(await answer(port)).toBe('version 1');
  });

  test('takes other settings with a reload, and refuses those that are fixed', async () => {
    const { instance, release, port } = await begin();
    await instance.ready;
    await instance.reload({ script: release.script, port, workers: 2 });
    expect((await instance.status()).workers.filter(({ generation }) => generation === 2)).toHaveLength(2);
    const moved = instance.reload({ script: release.script, port: await freePort() });
    await expect(moved).rejects.toMatchObject({
      code: 'config',
      message: expect.stringMatching(/^port can't/) as string,
    });
    await expect(instance.reload({ workers: 0 as never })).rejects.toMatchObject({ code: 'usage' });
    expect(await instance.status()).toMatchObject({ state: 'serving', generation: 2 });
  });
});

test('what it does comes as events, with what their types say', async () => {
  const { instance, release } = await begin();
  const seen = new Map<string, Record<string, unknown>>();
  instance.on('entry', (entry) => seen.set(entry.event, { ...entry }));
  const output = once(instance, 'worker.output');
  await instance.ready;
  await release.deploy(2);
  const retired = once(instance, 'generation.retired');
  await instance.reload();
  await retired;
  await instance.stop();
  const text = expect.any(String) as string;
  const number = expect.any(Number) as number;
  const worker = { level: 'info', message: text, slot: 0, generation: number, pid: number };
  expect(await output).toEqual([{ ...worker, event: 'worker.output', stream: 'stdout', generation: 1 }]);
  const told = { level: 'info', message: text };
  const wanted = {
    listening: { ...told, port: number, mode: 'http' },
    serving: { ...told, pid: process.pid, workers: 1 },
    'worker.started': { ...worker, level: 'debug' },
    'worker.ready': { ...worker, ms: number },
    'worker.exited': { ...worker, code: null, signal: 'SIGTERM', state: 'stopping' },
    'reload.started': { ...told, generation: 2 },
    'reload.done': { ...told, generation: 2, durationMs: number },
    'generation.retired': { ...told, generation: number, durationMs: number },
    stopping: told,
  };
  for (const [event, fields] of Object.entries(wanted)) expect(seen.get(event)).toEqual({ event, ...fields });
});

test('a logger that is given gets what is at its level', async () => {
  const lines: [string, string][] = [];
  const log = (level: string) => (entry: { event: string }) => void lines.push([level, entry.event]);
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const { instance, release } = await begin({ logger, logLevel: 'error' });
  await instance.ready;
  await release.deploy(2, 'process.exit(1)');
  await instance.reload().catch(() => {});
  expect(lines).toContainEqual(['error', 'reload.failed']);
  expect(lines.filter(([level]) => level !== 'error')).toEqual([]);
});

describe('a start that fails', () => {
  test('rejects ready and leaves nothing behind', async () => {
    const instance = start({ script: 'nowhere.js', port: await freePort() });
    await instance.stopped;
    await expect(instance.ready).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/nowhere/) as string,
    });
    await instance.stop();
  });

  test('names every mistake at once, and throws', () => {
    const wrong = { prot: 1, workers: 0, drainTimeout: 30 } as unknown as Options;
    expect(() => start(wrong)).toThrow(ZdlbError);
    expect(() => start(wrong)).toThrow(/workers: met 0[^]*drainTimeout: met 30[^]*prot; did you mean port\?/);
    expect(() => start({})).toThrow(/^Nothing to run/);
    expect(() => start({ script: 'a.js', logFormat: 'json' } as Options)).toThrow(/logFormat/);
  });

  test('rejects ready when it was stopped before it served', async () => {
    const { instance } = await begin();
    await instance.stop();
    await expect(instance.ready).rejects.toMatchObject({ code: 'stopping' });
  });
});

test('several in one process are apart from one another', async () => {
  const folder = temporaryFolder();
  const pidFile = join(folder, 'pid');
  const [one, other] = await Promise.all([begin({ pidFile }), begin({ transport: 'unix', workers: 2 })]);
  await Promise.all([one.instance.ready, other.instance.ready]);
  const third = await begin({ pidFile });
  await expect(third.instance.ready).rejects.toThrow(/another instance in this process/);
  await one.instance.stop();
  expect(existsSync(pidFile)).toBe(false);
  expect(await answer(other.port)).toBe('version 1');
  await other.release.deploy(2);
  await other.instance.reload();
  expect(await answer(other.port)).toBe('version 2');
});

/** ZDLB_HOME is what both ends go by. */
function withHome(): string {
  const home = newHome();
  const former = process.env['ZDLB_HOME'];
  process.env['ZDLB_HOME'] = home;
  onTestFinished(() => {
    if (former === undefined) delete process.env['ZDLB_HOME'];
    else process.env['ZDLB_HOME'] = former;
  });
  return home;
}

describe('with a control socket', () => {
  test('zdlb finds it, and stops it', async () => {
    const home = withHome();
    const { instance } = await begin({ control: true, name: 'api' });
    await instance.ready;
    expect(JSON.parse((await zdlb(['status', '--json'], { home })).stdout)).toMatchObject({
      name: 'api',
      pid: process.pid,
    });
    expect((await zdlb(['logs'], { home })).stdout).toMatch(/Worker 0 is ready/);
    expect(await zdlb(['stop'], { home })).toMatchObject({ code: 0 });
    await instance.stopped;
    expect(await zdlb(['status'], { home })).toMatchObject({ code: 4 });
  });

  test('a name that is taken is refused when it was chosen, and gets a number when not', async () => {
    withHome();
    const first = await begin({ control: true, name: 'server' });
    await first.instance.ready;
    const second = await begin({ control: true, name: 'server' });
    await expect(second.instance.ready).rejects.toMatchObject({ code: 'start' });
    const third = await begin({ control: true });
    await third.instance.ready;
    expect(await third.instance.status()).toMatchObject({ name: 'server-2' });
  });
});

test('an admin port that its options ask for is open, and closes with it', async () => {
  const port = await freePort();
  const { instance } = await begin({ admin: `127.0.0.1:${port}` });
  await instance.ready;
  expect(await (await fetch(`http://127.0.0.1:${port}/status`)).json()).toMatchObject({
    name: 'server',
    generation: 1,
  });
  await instance.stop();
  await expect(fetch(`http://127.0.0.1:${port}/status`)).rejects.toThrow(/fetch failed/);
});

describe('its program', () => {
  test('the example runs, reloads, stops, and ends by itself', async () => {
    const port = String(await freePort());
    const { stdout, stderr } = await run(process.execPath, [EXAMPLE], { env: { ...process.env, PORT: port } });
    expect(stdout).toMatch(new RegExp(`2 workers serve port ${port}\\n[^]*Generation 2 took over after \\d+ ms`));
    expect(stderr).toBe('');
  });

  test('is told nothing of a failed start that it does not ask about, and prints nothing', async () => {
    const script = `import { start } from '${DIST}'; start({ script: 'nowhere.js' });`;
    expect(await run(process.execPath, ['--input-type=module', '-e', script])).toEqual({ stdout: '', stderr: '' });
  });

  // In a process of its own, which ends even if it spins.
  test.each(['transport: "unix"', 'watch: true'])(
    'may give orders at once, with %s, which come after the start',
    async (option) => {
      const { script: path } = await Release.create(source);
      const script = `
      import { start } from '${DIST}';
      const instance = start({ script: ${JSON.stringify(path)}, port: ${await freePort()}, workers: 1, ${option} });
      const orders = [instance.reload(), instance.scale('+1')];
      const [{ generation }, workers] = await Promise.all(orders);
      await instance.stop();
      console.log(generation, workers);`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
        timeout: 15_000,
        killSignal: 'SIGKILL',
      });
      expect(stdout).toBe('2 2\n');
    },
  );

  test('may throw in a listener without harm to the instance', async () => {
    const release = await Release.create(source);
    const script = `
      import { start } from '${DIST}';
      let thrown = 0;
      process.on('uncaughtException', () => thrown++);
      const instance = start({ script: ${JSON.stringify(release.script)}, port: ${await freePort()}, workers: 1 });
      instance.on('entry', () => { throw new Error('oops'); });
      await instance.ready;
      await instance.reload();
      await instance.stop();
      console.log(thrown > 5);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout).toBe('true\n');
  });
});
