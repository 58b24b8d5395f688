import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { type Front, spawnFront, startFront } from '../kit/front.ts';

const DIST = fileURLToPath(new URL('../../dist/agent/agent.cjs', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../fixtures/identity.cjs', import.meta.url));

/** The user and the group that every system has for those who may do nothing. */
const NOBODY = 65_534;
/** A group that every system has, with a number of its own choice. */
const DAEMON = Number(spawnSync('id', ['-g', 'daemon']).stdout);

/** Only root can become somebody else, and that one must be able to read what it is to run. */
const canBecome =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ['-e', 'process.argv.slice(1).map((file) => fs.accessSync(file))', DIST, PROGRAM], {
    cwd: '/',
    uid: NOBODY,
    gid: NOBODY,
  }).status === 0;

interface Said {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly HOME?: string;
  readonly USER?: string;
  readonly LOGNAME?: string;
}

async function ask(front: Front): Promise<Said> {
  const response = await fetch(`http://127.0.0.1:${front.port}/`, { headers: { connection: 'close' } });
  return (await response.json()) as Said;
}

const start = (...args: string[]) => startFront({ args: ['--workers', '1', '--cwd', '/', '--mode', 'http', ...args] });

describe.runIf(canBecome)('as root,', () => {
  test.each([
    ['a command', ['--', 'node', PROGRAM]],
    ['a Node program', [PROGRAM]],
    ['a Node program on Unix sockets', ['--transport', 'unix', PROGRAM]],
  ])('%s runs as --user, with its group and environment', async (_, what) => {
    const front = await start('--user', 'nobody', ...what);
    const nobody = { uid: NOBODY, gid: NOBODY, groups: [NOBODY], USER: 'nobody', LOGNAME: 'nobody' };
    expect(await ask(front)).toMatchObject(nobody);
    expect((await ask(front)).HOME).not.toBe(process.env['HOME']);
    expect(await front.reload()).toMatchObject({ event: 'reload.done' });
    expect(await ask(front)).toMatchObject(nobody);
    expect(front.entries.map(({ event }) => event)).not.toContain('process.root');
    expect(await front.stop()).toEqual({ code: 0, signal: null });
  });

  test('--group is the group instead of the own one, by name or number', async () => {
    expect(await ask(await start('--user', 'nobody', '--group', 'daemon', '--', 'node', PROGRAM))).toMatchObject({
      uid: NOBODY,
      gid: DAEMON,
      groups: [DAEMON],
    });
    expect(await ask(await start('--user', '4321', '--group', '1234', '--', 'node', PROGRAM))).toEqual({
      uid: 4321,
      gid: 1234,
      groups: [1234],
    });
  });

  test('without --user, it is said once that the workers run as root too', async () => {
    const front = await start('--', 'node', PROGRAM);
    await front.reload();
    expect(front.entries.filter(({ event }) => event === 'process.root')).toHaveLength(1);
    expect((await ask(front)).uid).toBe(0);
  });

  test.each([
    ['nosuchuser', [], /^zdlb: Cannot run workers as --user nosuchuser: no such user$/m],
    ['nobody', ['--group', 'nosuchgroup'], /^zdlb: Cannot run workers as --group nosuchgroup: no such group$/m],
    ['4321', [], /^zdlb: Cannot use --user 4321: no user has that id, so give --group too$/m],
  ])('--user %s %j is wrong usage', async (user, more, says) => {
    const front = spawnFront({ args: ['--port', String(await freePort()), '--user', user, ...more, PROGRAM] });
    expect(await front.exited).toEqual({ code: 2, signal: null });
    expect(front.stderr).toMatch(says);
  });
});
