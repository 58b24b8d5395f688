import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Front, type FrontOptions, newHome, spawnFront, startFront } from '../kit/front.ts';
import { freePort } from '../kit/free-port.ts';
import { leftAfter } from '../kit/process.ts';
import { fixture, Release } from '../kit/release.ts';
import { startVerb, zdlb } from '../kit/verb.ts';

const IS_ROOT = process.getuid?.() === 0;

async function serve(options: Partial<FrontOptions> = {}) {
  const release = await Release.create(await fixture('load-server.cjs'));
  const front = await startFront({ script: release.script, ...options });
  return { release, front };
}

/** What a verb prints for machines. */
async function machine(front: Front, ...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await zdlb([...args, '--json'], front);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('zdlb reload', () => {
  test('returns when the new code has taken over', async () => {
    const { front, release } = await serve();
    await release.deploy(2);
    expect(await machine(front, 'reload')).toMatchObject({ generation: 2, durationMs: expect.any(Number) as number });
    const answer = await fetch(`http://127.0.0.1:${front.port}/now/x`);
    expect(answer.headers.get('x-version')).toBe('2');
  });

  test('with --wait-retired, when the former workers are gone', async () => {
    const { front } = await serve();
    const former = [...front.workers(1).values()];
    await machine(front, 'reload', '--wait-retired');
    expect(await leftAfter(0, former)).toEqual([]);
  });

  test('exits 1 with the reason and the last words of the worker that failed, and the next one works', async () => {
    const { front, release } = await serve();
    await release.deployFixture('failing/throws-at-import.cjs');
    const { code, stdout, stderr } = await zdlb(['reload'], front);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^zdlb: .*worker/i);
    expect(stderr.split('\n').length).toBeGreaterThan(3);
    const shown = JSON.parse((await zdlb(['reload', '--json'], front)).stdout) as unknown;
    expect(shown).toMatchObject({ error: { lastLines: expect.arrayContaining([]) as string[] } });
    await release.deploy(3);
    expect(await zdlb(['reload'], front)).toMatchObject({ code: 0 });
  });

  test('that comes during another one has its turn behind it', async () => {
    const { front } = await serve();
    const both = await Promise.all([machine(front, 'reload'), machine(front, 'reload')]);
    expect(both.map((answer) => (answer as { generation: number }).generation).toSorted((a, b) => a - b)).toEqual([
      2, 3,
    ]);
  });
});

test('zdlb status tells all about an instance, in 80 columns', async () => {
  const { front } = await serve({ args: ['--name', 'api'] });
  expect(await machine(front, 'status')).toMatchObject({
    name: 'api',
    pid: front.pid,
    version: expect.any(String) as string,
    state: 'serving',
    uptimeMs: expect.any(Number) as number,
    generation: 1,
    listeners: [{ port: front.port, mode: 'http', connections: 0 }],
    workers: [
      { slot: 0, pid: front.workers(1).get(0), generation: 1, state: 'ready', restarts: 0 },
      { slot: 1, pid: front.workers(1).get(1), generation: 1, state: 'ready', restarts: 0 },
    ],
    reloads: { done: 0, failed: 0 },
  });
  const { stdout } = await zdlb(['status'], front);
  expect(stdout).toMatch(/^api: serving, generation 1, /);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('zdlb scale takes a number or a change, and says how many there are', async () => {
  const { front } = await serve();
  expect(await machine(front, 'scale', '3')).toEqual({ workers: 3 });
  expect(await machine(front, 'scale', '-1')).toEqual({ workers: 2 });
  expect(await machine(front, 'scale', '+1')).toEqual({ workers: 3 });
  expect(front.workers(1).size).toBe(3);
  expect(await zdlb(['scale', 'many'], front)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/many/) as string,
  });
  expect(await zdlb(['scale', '1000'], front)).toMatchObject({ code: 2 });
  expect(await zdlb(['scale'], front)).toMatchObject({ code: 2 });
});

test('zdlb rollback goes back while a former generation is warm, and else exits 1', async () => {
  const { front, release } = await serve({ args: ['--watch-window', '1m'] });
  expect(await zdlb(['rollback'], front)).toMatchObject({ code: 1, stderr: expect.stringMatching(/warm/) as string });
  await release.deploy(2);
  const since = front.mark();
  front.signal('SIGUSR2');
  await front.event('reload.watching', undefined, since);
  expect(await machine(front, 'rollback')).toEqual({ generation: 1 });
});

describe('zdlb logs', () => {
  test('shows the last entries, and what the workers printed, to people and machines', async () => {
    const { front } = await serve({ args: ['--workers', '1'] });
    const { stdout } = await zdlb(['logs'], front);
    expect(stdout).toMatch(/INFO: Worker 0 is ready/);
    const lines = (await zdlb(['logs', '--json'], front)).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(front.entries);
  });

  test('with -f goes on until the instance ends', async () => {
    const { front } = await serve({ args: ['--workers', '1'] });
    const following = startVerb(['logs', '-f', '--json'], front);
    let stdout = '';
    following.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const ended = once(following, 'close');
    await once(following.stdout!, 'data');
    await front.reload();
    await front.stop();
    expect(await ended).toEqual([0, null]);
    expect(stdout).toMatch(/"event":"reload.done"/);
  });
});

test('zdlb stop returns when the instance and its workers are gone, and its name is free', async () => {
  const { front } = await serve();
  const workers = [...front.workers(1).values()];
  expect(await zdlb(['stop'], front)).toMatchObject({ code: 0 });
  expect(await front.exited).toEqual({ code: 0, signal: null });
  expect(await leftAfter(0, workers)).toEqual([]);
  expect(readdirSync(front.home)).toEqual([]);
  expect(await zdlb(['stop'], front)).toMatchObject({ code: 4 });
});

describe('where several run', () => {
  test('a name must be said, and a defaulted one that is taken gets a number', async () => {
    const home = newHome();
    const release = await Release.create(await fixture('load-server.cjs'));
    const fronts = await Promise.all([0, 1].map(async () => startFront({ script: release.script, home })));
    const { code, stderr } = await zdlb(['status'], { home });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/server, server-2.*--name/) as string });
    const shown = JSON.parse((await zdlb(['ls', '--json'], { home })).stdout) as { name: string; pid: number }[];
    expect(shown.map(({ name }) => name)).toEqual(['server', 'server-2']);
    expect(new Set(shown.map(({ pid }) => pid))).toEqual(new Set(fronts.map(({ pid }) => pid)));
    expect(await zdlb(['stop', '--name', 'server-2'], { home })).toMatchObject({ code: 0 });
    expect(await zdlb(['status'], { home })).toMatchObject({ code: 0 });
  });

  test('a chosen name that is taken is refused', async () => {
    const { front, release } = await serve({ args: ['--name', 'api'] });
    const args = ['--name', 'api', '--port', String(await freePort())];
    const second = spawnFront({ script: release.script, args, home: front.home });
    expect(await second.exited).toEqual({ code: 3, signal: null });
    expect(second.stderr).toMatch(/^zdlb: An instance named api runs already/);
    expect(await zdlb(['status'], front)).toMatchObject({ code: 0 });
  });

  test('of many that start at once each has a name of its own', async () => {
    const home = newHome();
    const release = await Release.create(await fixture('load-server.cjs'));
    const args = ['--workers', '1'];
    await Promise.all(Array.from({ length: 5 }, async () => startFront({ script: release.script, args, home })));
    const shown = JSON.parse((await zdlb(['ls', '--json'], { home })).stdout) as { name: string }[];
    expect(shown.map(({ name }) => name)).toEqual(['server', 'server-2', 'server-3', 'server-4', 'server-5']);
  });
});

describe('without an instance', () => {
  test.each(['reload', 'status', 'rollback', 'stop'])('zdlb %s exits 4', async (verb) => {
    const { code, stderr } = await zdlb([verb], { home: newHome() });
    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringMatching(/^zdlb: No instance runs/) as string });
  });

  test('zdlb ls says that there is none', async () => {
    expect(await zdlb(['ls'], { home: newHome() })).toEqual({ code: 0, stdout: 'No instance runs\n', stderr: '' });
  });

  test('the socket of one that was killed is no instance, and the next one has its name', async () => {
    const { front, release } = await serve({ args: ['--name', 'api'] });
    front.signal('SIGKILL');
    await front.exited;
    expect(existsSync(join(front.home, 'api.sock'))).toBe(true);
    expect(await zdlb(['status'], front)).toMatchObject({ code: 4 });
    const next = await startFront({ script: release.script, args: ['--name', 'api'], home: front.home });
    expect(await machine(next, 'status')).toMatchObject({ name: 'api', pid: next.pid });
  });
});

describe('the folder of control sockets', () => {
  test('and the sockets in it are open to their owner alone', async () => {
    const { front } = await serve();
    expect(statSync(front.home).mode & 0o077).toBe(0);
    expect(statSync(join(front.home, 'server.sock')).mode & 0o777).toBe(0o600);
  });

  const wrong: Readonly<Record<string, (home: string) => void>> = {
    'that others may enter': (home) => chmodSync(home, 0o755),
    'that is a link': (home) => {
      mkdirSync(join(home, 'real'), { mode: 0o700 });
      symlinkSync('real', join(home, 'link'));
    },
  };

  test.each([
    ['that others may enter', '', /chmod 700/],
    ['that is a link', 'link', /symbolic link/],
    ['in which a socket has too long a path', 'a'.repeat(90), /bytes.*ZDLB_HOME/],
  ])('%s is refused', async (what, inside, says) => {
    const home = newHome();
    wrong[what]?.(home);
    const script = (await Release.create(await fixture('load-server.cjs'))).script;
    const front = spawnFront({ script, home: join(home, inside), args: ['--port', String(await freePort())] });
    expect(await front.exited).toEqual({ code: 3, signal: null });
    expect(front.stderr).toMatch(says);
  });

  test.runIf(IS_ROOT)(
    `of another user is refused${IS_ROOT ? '' : ' (left out: only root can give a folder away)'}`,
    async () => {
      const home = newHome();
      const { chown } = await import('node:fs/promises');
      await chown(home, 65_534, 65_534);
      const script = (await Release.create(await fixture('load-server.cjs'))).script;
      const front = spawnFront({ script, home, args: ['--port', String(await freePort())] });
      expect(await front.exited).toEqual({ code: 3, signal: null });
      expect(front.stderr).toMatch(/belongs to the user 65534/);
    },
  );
});

/** What comes back for bytes that are written to the control socket. */
async function said(front: Front, bytes: string): Promise<string> {
  const socket = connect(join(front.home, 'server.sock')).setEncoding('latin1');
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.on('data', (text: string) => (answer += text)).on('error', () => {});
  socket.end(bytes, 'latin1');
  await once(socket, 'close');
  return answer;
}

const HEAD = 'HTTP/1.1\r\nHost: a\r\nConnection: close\r\n';

test('nonsense at the control socket has no effect', async () => {
  const { front } = await serve();
  const answers: readonly (readonly [string, RegExp])[] = [
    ['\0\x01nonsense\r\n\r\n', /^HTTP\/1\.1 400/],
    [`GET /nowhere ${HEAD}\r\n`, /^HTTP\/1\.1 404/],
    [`GET constructor ${HEAD}\r\n`, /^HTTP\/1\.1 4/],
    [`GET /stop ${HEAD}\r\n`, /^HTTP\/1\.1 405[^]*Allow: POST/],
    [`POST /scale ${HEAD}Content-Length: 1\r\n\r\n{`, /^HTTP\/1\.1 400/],
    [`POST /stop ${HEAD}Content-Length: 10\r\n\r\n{`, /^$|^HTTP\/1\.1 400/],
    [`POST /scale ${HEAD}Content-Length: 100000\r\n\r\n${'a'.repeat(100_000)}`, /^HTTP\/1\.1 400/],
  ];
  for (const [bytes, answer] of answers) expect(await said(front, bytes), bytes.slice(0, 80)).toMatch(answer);
  expect(await machine(front, 'status')).toMatchObject({ state: 'serving', generation: 1, pid: front.pid });
});
