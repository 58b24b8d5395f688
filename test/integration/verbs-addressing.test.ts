import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { carryOut } from '../../src/cli/main.js';
import { exitCode } from '../../src/core/errors.js';
import { freePort } from '../kit/free-port.ts';
import { newHome, spawnFront, startFront } from '../kit/front.ts';
import { fixture, Release } from '../kit/release.ts';
import { staleSocket } from '../kit/stale-socket.ts';
import { machine, serve } from '../kit/verb-scene.ts';
import { zdlb } from '../kit/verb.ts';

const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;
const AS_ROOT = IS_ROOT ? '' : ' (left out: only root can give something away)';

/** All verbs that talk to one instance, as they are typed. */
const VERBS = [
  ['reload'],
  ['reload', '--wait-retired', '--json'],
  ['status'],
  ['status', '--watch'],
  ['scale', '+1'],
  ['pause'],
  ['resume'],
  ['rollback'],
  ['logs', '-f'],
  ['stop'],
];

/** How a verb ends that does not find its instance: with what exit code, saying what. In this process, for the sake of time. */
async function refused(
  words: readonly string[],
  home: string,
): Promise<{ readonly code: number; readonly says: string }> {
  process.env['ZDLB_HOME'] = home;
  const error: unknown = await carryOut(words, () => false).then(
    () => new Error('it was carried out'),
    (reason: unknown) => reason,
  );
  return { code: exitCode(error), says: (error as Error).message };
}

/** Somebody who listens at the control socket of that name. */
async function listenAs(home: string, name: string): Promise<string> {
  const path = join(home, `${name}.sock`);
  const server = createServer().listen(path);
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  return path;
}

describe.each(VERBS.map((words) => ({ line: `zdlb ${words.join(' ')}`, words })))('$line', ({ words }) => {
  test('exits 4 without an instance, or one of that name', async () => {
    const home = newHome();
    expect(await refused(words, home)).toEqual({ code: 4, says: `No instance runs (looked in ${home})` });
    await listenAs(home, 'api');
    expect(await refused([...words, '--name', 'web'], home)).toEqual({
      code: 4,
      says: 'No instance is named web. Running: api',
    });
    rmSync(home, { recursive: true });
    expect(await refused(words, home)).toMatchObject({ code: 4 });
  });

  test('exits 4 where one has left its socket behind', async () => {
    const home = newHome();
    staleSocket(join(home, 'api.sock'));
    expect(await refused(words, home)).toMatchObject({
      code: 4,
      says: expect.stringMatching(/^No instance runs/) as string,
    });
  });

  test('exits 4 where none has the name that the environment says, and --name goes before that', async () => {
    const home = newHome();
    await listenAs(home, 'api');
    vi.stubEnv('ZDLB_NAME', 'web');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await refused(words, home)).toEqual({ code: 4, says: 'No instance is named web. Running: api' });
    expect(await refused([...words, '--name', 'shop'], home)).toMatchObject({
      says: expect.stringMatching(/shop/) as string,
    });
  });

  test('exits 2 where several run and none is named', async () => {
    const home = newHome();
    await Promise.all(['api', 'web'].map(async (name) => listenAs(home, name)));
    expect(await refused(words, home)).toEqual({
      code: 2,
      says: 'Several instances run (api, web): say which with --name',
    });
  });

  test('exits 1 where others may enter the folder, or it is a link', async () => {
    const home = newHome();
    mkdirSync(join(home, 'real'), { mode: 0o700 });
    symlinkSync('real', join(home, 'link'));
    expect(await refused(words, join(home, 'link'))).toEqual({
      code: 1,
      says: `Cannot look for instances in ${join(home, 'link')}: it is a symbolic link`,
    });
    chmodSync(home, 0o711);
    expect(await refused(words, home)).toMatchObject({ code: 1, says: expect.stringMatching(/chmod 700/) as string });
  });

  test.runIf(IS_ROOT)(`exits 1 for a folder, or a socket, of another user's${AS_ROOT}`, async () => {
    const home = newHome();
    const path = await listenAs(home, 'api');
    chownSync(path, NOBODY, NOBODY);
    expect(await refused(words, home)).toEqual({
      code: 1,
      says: `Cannot talk to api at ${path}: it belongs to the user ${NOBODY}. Be that user: sudo -u '#${NOBODY}' zdlb …`,
    });
    chownSync(home, NOBODY, NOBODY);
    expect(await refused(words, home)).toMatchObject({ code: 1, says: expect.stringMatching(/user 65534/) as string });
  });
});

test.runIf(IS_ROOT)(`another user can't so much as see what runs${AS_ROOT}`, async () => {
  const { front } = await serve({ args: ['--workers', '1'] });
  const outcome = await zdlb(['stop'], { home: front.home, uid: NOBODY, cwd: '/' });
  expect(outcome).toMatchObject({ code: 1, stdout: '' });
  expect(outcome.stderr).toMatch(/^zdlb: Cannot look for instances in .* it belongs to the user 0/);
  expect(await machine(front, 'status')).toMatchObject({ state: 'serving' });
});

test('zdlb ls shows those that can be asked, and says why another one is not', async () => {
  const { front } = await serve({ args: ['--workers', '1'] });
  symlinkSync('server.sock', join(front.home, 'alias.sock'));
  const { code, stdout, stderr } = await zdlb(['ls', '--json'], front);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([{ name: 'server', pid: front.pid }]);
  expect(stderr).toMatch(/^zdlb: Cannot talk to alias at .*alias\.sock: it is a symbolic link\n$/);
});

test('zdlb ls says that there is none', async () => {
  expect(await zdlb(['ls'], { home: newHome() })).toEqual({ code: 0, stdout: 'No instance runs\n', stderr: '' });
});

test('zdlb exits 4 in a process of its own', async () => {
  const { code, stdout, stderr } = await zdlb(['reload'], { home: newHome() });
  expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
  expect(stderr).toMatch(/^zdlb: No instance runs/);
});

test('the sockets of those that were killed are swept away by the next, which has the name of one', async () => {
  const { front, release } = await serve({ args: ['--name', 'api', '--workers', '1'] });
  front.signal('SIGKILL');
  await front.exited;
  staleSocket(join(front.home, 'web.sock'));
  expect(existsSync(join(front.home, 'api.sock'))).toBe(true);
  const next = await startFront({
    script: release.script,
    args: ['--name', 'api', '--workers', '1'],
    home: front.home,
  });
  expect(await machine(next, 'status')).toMatchObject({ name: 'api', pid: next.pid });
  expect(existsSync(join(front.home, 'web.sock'))).toBe(false);
});

test('one whose name begins with a dot is found, and swept away, like any other', async () => {
  const { front, release } = await serve({ args: ['--name', '.api', '--workers', '1'] });
  expect(await machine(front, 'status')).toMatchObject({ name: '.api', pid: front.pid });
  front.signal('SIGKILL');
  await front.exited;
  expect(existsSync(join(front.home, '.api.sock'))).toBe(true);
  await startFront({ script: release.script, args: ['--name', 'web', '--workers', '1'], home: front.home });
  expect(existsSync(join(front.home, '.api.sock'))).toBe(false);
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

test.each([
  { words: ['reload', '--nmae', 'web'], says: 'Unknown option --nmae; did you mean --name?' },
  { words: ['status', '--wacht', '-x'], says: 'Unknown option --wacht; did you mean --watch?\nUnknown option -x' },
  { words: ['pause', '--timeout'], says: 'No value for --timeout: it wants one' },
  {
    words: ['reload', 'web'],
    says: 'Wanted zdlb reload [--wait-retired], met zdlb reload web: say which instance with --name',
  },
  {
    words: ['scale', 'web', '+2'],
    says: 'Wanted zdlb scale N|+N|-N, met zdlb scale web +2: say which instance with --name',
  },
  { words: ['stop', '--constructor', '1'], says: expect.stringMatching(/^Cannot understand the options: /) as string },
  { words: ['scale'], says: 'Wanted zdlb scale N|+N|-N, met zdlb scale' },
])('zdlb $words is wrong usage, and what would be right is said', async ({ words, says }) => {
  expect(await refused(words, newHome())).toEqual({ code: 2, says });
});

test.each([
  { words: ['reload', '--json'], code: 4, kind: 'absent', says: /^No instance runs/ },
  { words: ['status', '--json', '--name', 'web'], code: 4, kind: 'absent', says: /^No instance is named web/ },
  { words: ['reload', '--nmae', 'web', '--json'], code: 2, kind: 'usage', says: /nmae/ },
  { words: ['logs', '--json', '--lines', 'few'], code: 2, kind: 'usage', says: /--lines.*few/ },
  { words: ['scale', '--json=true'], code: 2, kind: 'usage', says: /^Wanted zdlb scale N/ },
])('zdlb $words that exits $code says so in JSON, too', async ({ words, code, kind, says }) => {
  const outcome = await zdlb(words, { home: newHome() });
  expect(outcome).toMatchObject({ code, stderr: expect.stringMatching(/^zdlb: .*\n$/) as string });
  const message = expect.stringMatching(says) as string;
  expect(JSON.parse(outcome.stdout)).toEqual({ error: { code: kind, message, lastLines: [] } });
});

test('what a front does not understand, and a socket that is not to be trusted, are told in JSON as well', async () => {
  const { front } = await serve({ args: ['--workers', '1'] });
  const many = await zdlb(['scale', 'many', '--json'], front);
  expect(many.code).toBe(2);
  expect(JSON.parse(many.stdout)).toMatchObject({ error: { code: 'usage', message: expect.any(String) as string } });
  symlinkSync('server.sock', join(front.home, 'alias.sock'));
  const alias = await zdlb(['status', '--json', '--name', 'alias'], front);
  expect(alias.code).toBe(1);
  expect(JSON.parse(alias.stdout)).toMatchObject({ error: { code: 'foreign' } });
});

test("--json behind a script is the script's", async () => {
  const { code, stdout } = await zdlb(['run', '/nowhere/server.js', '--json'], { home: newHome() });
  expect(code).toBe(2);
  expect(stdout).not.toMatch(/"error"/);
});
