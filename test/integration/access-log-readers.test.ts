import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemCode } from '../../src/core/errors.js';
import { ask } from '../kit/admin.ts';
import { temporaryFolder } from '../kit/folder.ts';
import { freePort } from '../kit/free-port.ts';
import { type Exit, type Front, startFront } from '../kit/front.ts';
import { readMetrics } from '../kit/prometheus.ts';
import { RawClient } from '../kit/raw-client.ts';
import { fixture, Release } from '../kit/release.ts';
import { zdlb } from '../kit/verb.ts';

/** An entry of about 7 KiB. Of these, more than 16 MiB hold, and what the system and its reader keep. */
const LONG = 'x'.repeat(7_000);
const TOO_MANY = 2_800;
/** How long a stop may take: a second is the reader's. */
const STOP_MS = 5_000;

async function serve(accessLog: string, ...args: readonly string[]) {
  const release = await Release.create(await fixture('load-server.cjs'));
  const admin = await freePort();
  const options = ['--workers', '1', '--access-log', accessLog, '--admin', `127.0.0.1:${admin}`, ...args];
  const front = await startFront({ script: release.script, args: options });
  const client = await RawClient.connect(front.port);
  /** Asks so many times, and is answered each time. */
  const request = async (count: number, rest = '') => {
    for (let id = 0; id < count; id++) {
      const bytes = `GET /now/${id}?${rest} HTTP/1.1\r\nHost: a\r\n\r\n`;
      expect(await client.exchange({ method: 'GET', bytes })).toMatchObject({ response: { status: 200 } });
    }
  };
  /** What became of the entries. */
  const entries = async () => {
    const metrics = readMetrics((await ask(admin, '/metrics')).body);
    const of = (name: string) =>
      metrics.get(`zdlb_access_log_${name}_total`)!.samples.get(`zdlb_access_log_${name}_total`)!;
    return { passed: of('entries'), dropped: of('dropped') };
  };
  return { front, request, entries };
}

/** Every entry is accounted for, and some were dropped. */
async function expectDrops(entries: () => Promise<{ passed: number; dropped: number }>, asked: number): Promise<void> {
  await expect.poll(async () => Object.values(await entries()).reduce((sum, count) => sum + count)).toBe(asked);
  expect((await entries()).dropped).toBeGreaterThan(0);
}

/** How it ends, whoever still has its output open, and after how many milliseconds. */
async function stopOf(front: Front, stop: () => unknown): Promise<Exit & { ms: number }> {
  const began = performance.now();
  const exit = once(front.child, 'exit');
  await stop();
  const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
  return { code, signal, ms: performance.now() - began };
}

const IN_TIME = { code: 0, signal: null, ms: expect.toSatisfy((ms: number) => ms < STOP_MS) as number };

/** A named pipe that is open for reading, and is read only when that is asked for. */
function pipe() {
  const path = join(temporaryFolder(), 'access.fifo');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(reader));
  let text = '';
  const bytes = Buffer.alloc(64 * 1024);
  /** All that was read, so far. */
  const read = (): string => {
    try {
      for (let length = -1; length !== 0; text += bytes.toString('latin1', 0, length))
        length = readSync(reader, bytes, 0, bytes.length, null);
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error;
    }
    return text;
  };
  return { path, read };
}

test('standard output that nobody reads any more holds up neither requests nor the stop, and drops are counted', async () => {
  const { front, request, entries } = await serve('on');
  front.child.stdout!.pause();
  await request(TOO_MANY, LONG);
  await expectDrops(entries, TOO_MANY);
  expect(await stopOf(front, () => front.signal('SIGTERM'))).toEqual(IN_TIME);
  front.child.stdout!.resume();
  await front.exited;
  expect(front.entries.filter(({ event }) => event === 'not JSON').length).toBeLessThanOrEqual(1); // its last, cut by the end
});

describe('a named pipe', () => {
  test('whose reader does not read holds up neither requests nor SIGTERM, and drops are counted and named', async () => {
    const { path } = pipe();
    const { front, request, entries } = await serve(path);
    await request(TOO_MANY, LONG);
    await expectDrops(entries, TOO_MANY);
    expect(await front.event('access-log.dropped')).toMatchObject({ level: 40 });
    expect(await stopOf(front, () => front.signal('SIGTERM'))).toEqual(IN_TIME);
  });

  test('the same holds up no zdlb stop', async () => {
    const { path } = pipe();
    const { front, request } = await serve(path);
    await request(50, LONG);
    const stopped = await stopOf(front, async () => {
      expect(await zdlb(['stop'], front)).toMatchObject({ code: 0 });
    });
    expect(stopped).toEqual(IN_TIME);
  });

  test('whose reader pauses gets every line, in order, though nothing comes behind them; and is no failure', async () => {
    const { path, read } = pipe();
    const { front, request, entries } = await serve(path);
    await request(50, LONG); // 350 KiB, and a pipe holds 64
    await expect.poll(entries).toEqual({ passed: 50, dropped: 0 });
    await expect.poll(() => read().split('\n').length).toBe(51);
    const targets = read()
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { target: string }).target);
    expect(targets).toEqual(Array.from({ length: 50 }, (_, id) => `/now/${id}?${LONG}`));
    expect(front.entries.filter(({ event }) => event?.startsWith('access-log.'))).toEqual([]);
    expect(await front.stop()).toEqual({ code: 0, signal: null });
  });

  test('that nobody has opened ends the start, instead of waiting for a reader', async () => {
    const path = join(temporaryFolder(), 'access.fifo');
    execFileSync('mkfifo', [path]);
    const args = ['--port', String(await freePort()), '--access-log', path, 'server.js'];
    expect(await zdlb(args, { cwd: temporaryFolder(), home: temporaryFolder() })).toMatchObject({
      code: 3,
      stderr: `zdlb: Cannot write the access log ${path}: nobody reads what is there. If it is a pipe, start its reader first\n`,
    });
  });
});
