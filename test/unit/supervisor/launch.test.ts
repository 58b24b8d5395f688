import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig, type ConfigInput } from '../../../dist/core/config.js';
import { type CommandLaunch, type NodeLaunch, resolveLaunch } from '../../../dist/supervisor/launch.js';

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'zdlb-launch-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

async function put(path: string, content = ''): Promise<string> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

const launch = async (input: ConfigInput, env: Record<string, string> = {}) =>
  (await resolveLaunch(parseConfig(input, 'usage', String), folder, env)) as NodeLaunch;

const commandLaunch = async (input: ConfigInput, env: Record<string, string> = {}) =>
  (await resolveLaunch(parseConfig({ port: 8_000, ...input }, 'usage', String), folder, env)) as CommandLaunch;

const failure = async (input: ConfigInput): Promise<unknown> =>
  launch(input).then(
    () => 'no failure',
    ({ code, message }: Error & { code: string }) => ({ code, message }),
  );

describe('the script', () => {
  test.each([
    ['server.js', 'server.js'],
    ['./server', 'server.js'],
    ['app', 'app/index.js'],
    ['app/', 'app/index.js'],
    ['packaged', 'packaged/lib/main.js'],
    ['.', 'index.js'],
  ])('%s runs what node would run: %s', async (script, file) => {
    for (const name of ['server.js', 'index.js', 'app/index.js', 'packaged/lib/main.js']) await put(name);
    await put('packaged/package.json', '{"main":"./lib/main"}');
    expect((await launch({ script })).script).toBe(join(folder, file));
  });

  test('is a real path, found anew each time', async () => {
    await put('r1/server.js');
    await put('r2/server.js');
    await symlink('r1', join(folder, 'current'));
    expect((await launch({ script: 'current/server' })).script).toBe(join(folder, 'r1/server.js'));
    await rm(join(folder, 'current'));
    await symlink('r2', join(folder, 'current'));
    expect((await launch({ script: 'current/server' })).script).toBe(join(folder, 'r2/server.js'));
  });

  test('is looked for in the real working folder', async () => {
    const script = await put('r1/server.js');
    await symlink('r1', join(folder, 'current'));
    expect(await launch({ cwd: 'current', script: 'server.js' })).toMatchObject({ script, cwd: join(folder, 'r1') });
  });

  test('that is missing is a mistake of the user, named', async () => {
    expect(await failure({ script: './servr.js' })).toEqual({
      code: 'usage',
      message: `Cannot run ./servr.js: no such file in ${folder}`,
    });
    expect(await failure({})).toMatchObject({ code: 'usage' });
    expect(await failure({ cwd: 'nowhere', script: 'server.js' })).toEqual({
      code: 'usage',
      message: `Cannot use the working folder ${folder}/nowhere: no such file or folder`,
    });
  });

  test('gives the instance its name, unless it has one', async () => {
    await put('shop.server.mjs');
    expect((await launch({ script: 'shop.server.mjs' })).name).toBe('shop.server');
    expect((await launch({ script: 'shop.server.mjs', name: 'shop' })).name).toBe('shop');
  });
});

describe('the environment', () => {
  test("is the front's, without the settings of zdlb", async () => {
    await put('server.js');
    const inherited = { PATH: '/bin', ZDLB_WORKERS: '4', ZDLB_READY_TIMEOUT: '1s', ZDLB_AGENT: '{}', ZDLB_CONFIG: 'x' };
    const { env } = await launch({ script: 'server.js' }, { ...inherited, ZDLB_HOME: '/run/zdlb' });
    expect(env).toEqual({ PATH: '/bin', ZDLB_HOME: '/run/zdlb' });
  });

  test('file wins over what is inherited, and is read anew each time', async () => {
    await put('server.js');
    await put('.env', 'COLOR=green\nZDLB_WORKERS=9\nQUOTED="a b"');
    const input = { script: 'server.js', envFile: '.env' };
    expect((await launch(input, { COLOR: 'blue' })).env).toEqual({ COLOR: 'green', QUOTED: 'a b' });
    await put('.env', 'COLOR=red');
    expect((await launch(input, { COLOR: 'blue' })).env).toEqual({ COLOR: 'red' });
    expect(await failure({ ...input, envFile: 'gone' })).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('no such file'),
    });
  });
});

test('variables that are said by name win over those of the environment file', async () => {
  await put('server.js');
  await put('.env', 'COLOR=green\nSHAPE=round');
  const input = { script: 'server.js', envFile: '.env', env: { COLOR: 'red', ZDLB_WORKERS: '9' } };
  expect((await launch(input, { COLOR: 'blue' })).env).toEqual({ COLOR: 'red', SHAPE: 'round' });
});

describe('the node binary', () => {
  test('is the one that runs zdlb, or a path, or found in PATH', async () => {
    await put('server.js');
    await mkdir(join(folder, 'bin'));
    await symlink(process.execPath, join(folder, 'bin/node'));
    const real = await realpath(process.execPath);
    expect((await launch({ script: 'server.js' })).node).toBe(process.execPath);
    expect((await launch({ script: 'server.js', node: 'bin/node' })).node).toBe(real);
    expect((await launch({ script: 'server.js', node: 'node' }, { PATH: `/nowhere:${folder}/bin` })).node).toBe(real);
    expect(await failure({ script: 'server.js', node: 'nodule' })).toEqual({
      code: 'usage',
      message: 'Cannot run workers with nodule: no such program in PATH',
    });
  });
});

const putExecutable = async (path: string) => chmod(await put(path), 0o755);

describe('a command', () => {
  test('is found in the PATH that it will see, anew each time', async () => {
    await putExecutable('r1/bin/app');
    await putExecutable('r2/bin/app');
    await put('.env', `PATH=${folder}/current/bin`);
    const input = { command: ['app', '--fast'], envFile: '.env' };
    for (const release of ['r1', 'r2']) {
      await rm(join(folder, 'current'), { force: true });
      await symlink(release, join(folder, 'current'));
      const file = join(folder, release, 'bin/app');
      expect(await commandLaunch(input, { PATH: '/nowhere' })).toMatchObject({
        name: 'app',
        command: file,
        argv0: file,
        args: ['--fast'],
      });
    }
  });

  test('given as a path is relative to the real working folder', async () => {
    await putExecutable('r1/app');
    await symlink('r1', join(folder, 'current'));
    const { command, cwd } = await commandLaunch({ command: ['./app'], cwd: 'current' });
    expect({ command, cwd }).toEqual({ command: join(folder, 'r1/app'), cwd: join(folder, 'r1') });
  });

  test('that cannot be run is a mistake of the user, named', async () => {
    await put('app');
    expect(await failure({ command: ['./app'], port: 8_000 })).toEqual({
      code: 'usage',
      message: 'Cannot run ./app: permission denied',
    });
    expect(await failure({ command: ['./gone'], port: 8_000 })).toEqual({
      code: 'usage',
      message: 'Cannot run ./gone: no such file or folder',
    });
    expect(await failure({ command: ['gone'], port: 8_000 })).toEqual({
      code: 'usage',
      message: 'Cannot run gone: no such program in PATH',
    });
  });
});
