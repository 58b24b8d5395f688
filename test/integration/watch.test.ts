import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { canBoundWatches, type Entry, type Front, type FrontOptions, spawnFront, startFront } from '../kit/front.ts';

/** Answers with what greeting.cjs exports. */
const SERVER = `
const http = require('node:http');
const greeting = require('./greeting.cjs');
http.createServer((_, response) => response.end(greeting)).listen(process.env.PORT);
`;
/** Longer than the watcher takes to act on a change that it has seen. */
const SETTLED_MS = 1_500;

/** A program in a folder of its own. */
class Project {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Project> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'zdlb-watch-')));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const project = new Project(folder);
    await project.write('server.cjs', SERVER);
    await project.greet('one');
    return project;
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  async greet(word: string): Promise<void> {
    await this.write('greeting.cjs', `module.exports = '${word}';`);
  }

  /** A front that runs and watches it. */
  async start(args: readonly string[] = [], options: Partial<FrontOptions> = {}): Promise<Front> {
    const front = await startFront({
      script: 'server.cjs',
      cwd: this.folder,
      ...options,
      args: ['--watch', '--workers', '1', ...args],
    });
    await front.event('watching');
    return front;
  }
}

async function greeting(front: Front): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${front.port}/`, { headers: { connection: 'close' } });
  return response.text();
}

/** How the next reload goes that `change` leads to, and what the log said of the change. */
async function reloadBy(front: Front, change: () => Promise<unknown>) {
  const since = front.mark();
  await change();
  const reload = await front.event(['reload.done', 'reload.failed'], undefined, since);
  return { ...reload, said: front.entries.slice(since).find(({ event }) => event === 'files.changed')?.msg };
}

const reloads = (front: Front): readonly Entry[] => front.entries.filter(({ event }) => event === 'reload.started');

test('a changed file is served by the next answer, and the log names it', async () => {
  const project = await Project.create();
  const front = await project.start();
  expect(await reloadBy(front, () => project.greet('two'))).toMatchObject({
    event: 'reload.done',
    said: 'greeting.cjs changed: reloading',
  });
  expect(await greeting(front)).toBe('two');
  const { msg, paths } = await front.event('watching');
  expect(paths).toEqual([project.folder]);
  expect(msg).toMatch(/\(2 files\).*not for production/);
});

test('code that is broken leaves the old code serving, with the error in the log, until it is repaired', async () => {
  const project = await Project.create();
  const front = await project.start();
  const broken = await reloadBy(front, () => project.write('greeting.cjs', 'module.exports = ;'));
  expect(broken).toMatchObject({
    event: 'reload.failed',
    reason: expect.stringMatching(/SyntaxError: Unexpected token ';'/) as string,
    lastLines: expect.arrayContaining([expect.stringMatching(/greeting\.cjs:1$/)]) as string[],
  });
  expect(await greeting(front)).toBe('one');
  expect(await reloadBy(front, () => project.greet('two'))).toMatchObject({ event: 'reload.done' });
  expect(await greeting(front)).toBe('two');
});

test('for people, the log shows the change, the error with its line, and that the old code serves', async () => {
  const project = await Project.create();
  const front = await startFrontForPeople(project);
  await project.write('greeting.cjs', 'module.exports = ;');
  await front.event('not JSON', ({ msg }) => msg.includes('Reload failed'));
  const lines = front.entries.map(({ msg }) => msg);
  const at = lines.findIndex((line) => line.includes('greeting.cjs changed: reloading'));
  const shown = lines.slice(at).join('\n');
  expect(shown).toMatch(/0 \| .*greeting\.cjs:1\n.*0 \| module\.exports = ;\n/);
  expect(shown).toMatch(/ERROR: Reload failed, generation 1 serves on: .*SyntaxError: Unexpected token ';'/);
});

async function startFrontForPeople(project: Project): Promise<Front> {
  const args = ['--watch', '--workers', '1', '--port', String(await freePort())];
  const front = spawnFront({ script: 'server.cjs', cwd: project.folder, args, isForPeople: true });
  await front.event('not JSON', ({ msg }) => msg.includes('Serving with 1 worker'));
  await front.event('not JSON', ({ msg }) => msg.includes('Watching '));
  return front;
}

test('50 files that change together are one reload', async () => {
  const project = await Project.create();
  const front = await project.start();
  const change = async () =>
    Promise.all([
      project.greet('two'),
      ...Array.from({ length: 50 }, (_, number) => project.write(`src/${number}/file.js`, '')),
    ]);
  const { said } = await reloadBy(front, change);
  expect(said).toMatch(/ and 48 more changed: reloading$/);
  await pause(SETTLED_MS);
  expect(reloads(front)).toHaveLength(1);
  expect(await greeting(front)).toBe('two');
});

test('a change during a reload leads to one more after it', async () => {
  const project = await Project.create();
  const front = await project.start();
  await project.write('server.cjs', `setTimeout(() => {${SERVER}}, 1_000);`);
  await front.event('reload.started');
  const first = front.event('reload.done');
  await project.greet('two');
  await front.event('files.changed', ({ msg }) => msg.startsWith('greeting.cjs'));
  await project.greet('three');
  await first;
  await front.event('reload.done', ({ generation }) => generation === 3);
  expect(await greeting(front)).toBe('three');
});

test('node_modules, hidden files and folders, logs, backups and the pid file lead to no reload', async () => {
  const project = await Project.create();
  await project.write('app.log', '');
  const front = await project.start(['--pid-file', 'zdlb.pid']);
  await project.write('node_modules/express/index.js', '');
  await project.write('.git/index', '');
  await project.write('.env', 'A=1');
  await project.write('app.log', 'a line');
  await project.write('server.cjs~', '');
  await project.write('zdlb.pid', String(front.pid));
  await pause(SETTLED_MS);
  expect(reloads(front)).toEqual([]);
  await reloadBy(front, () => project.greet('two')); // it is not merely deaf
});

test('a folder that is removed and made again at once is watched on', async () => {
  const project = await Project.create();
  await project.write('dist/a.js', '1');
  const front = await project.start();
  const build = async (text: string) => {
    await rm(join(project.folder, 'dist'), { recursive: true });
    await project.write('dist/a.js', text);
  };
  for (const text of ['2', '3', '4']) {
    expect(await reloadBy(front, () => build(text))).toMatchObject({ said: 'dist/a.js changed: reloading' });
  }
  expect(await reloadBy(front, () => project.write('dist/a.js', 'five'))).toMatchObject({
    said: 'dist/a.js changed: reloading',
  });
});

test('a working folder that is removed and made again is watched on', async () => {
  const project = await Project.create();
  const front = await project.start(['--cwd', project.folder], { cwd: tmpdir() });
  const away = await reloadBy(front, () => rm(project.folder, { recursive: true }));
  expect(away).toMatchObject({ event: 'reload.failed' });
  await pause(SETTLED_MS); // the watcher has nothing left to hold on to
  const since = front.mark();
  await project.write('greeting.cjs', "module.exports = 'back';");
  await project.write('server.cjs', SERVER);
  await front.event('reload.done', undefined, since);
  expect(await greeting(front)).toBe('back');
});

test('a link that is switched to other code leads to a reload, and what it leads to is watched then', async () => {
  const [one, two] = [await Project.create(), await Project.create()];
  const current = join(await realpath(await mkdtemp(join(tmpdir(), 'zdlb-watch-'))), 'current');
  onTestFinished(() => rm(dirname(current), { recursive: true, force: true }));
  await symlink(one.folder, current);
  await two.greet('two');
  const front = await one.start(['--cwd', current], { cwd: tmpdir() });
  const change = async () => {
    await symlink(two.folder, `${current}.next`);
    await rename(`${current}.next`, current);
  };
  expect(await reloadBy(front, change)).toMatchObject({ event: 'reload.done' });
  expect(await greeting(front)).toBe('two');
  await reloadBy(front, () => two.greet('three'));
  expect(await greeting(front)).toBe('three');
});

describe('--watch-path', () => {
  test('takes files, folders and patterns, and nothing else counts then', async () => {
    const project = await Project.create();
    await project.write('lib/a.js', '');
    await project.write('.env', '');
    const front = await project.start(['lib', 'src/**/*.{js,ts}', '.env', '!**/*.test.ts'].flatMap(pathOption));
    for (const path of ['lib/deep/er.txt', 'src/x/y.ts', 'src/z.js', '.env']) {
      expect(await reloadBy(front, () => project.write(path, 'changed'))).toMatchObject({
        said: `${path} changed: reloading`,
      });
    }
    const before = reloads(front).length;
    for (const path of ['other.js', 'src/x/y.css', 'src/x/y.test.ts', '.envrc']) await project.write(path, 'changed');
    await pause(SETTLED_MS);
    expect(reloads(front)).toHaveLength(before);
  });

  test('may change with SIGHUP', async () => {
    const project = await Project.create();
    await mkdir(join(project.folder, 'lib'));
    await project.write('.zdlb.json', JSON.stringify({ watchPath: ['lib'] }));
    const front = await project.start(['--config', '.zdlb.json']);
    await project.write('.zdlb.json', JSON.stringify({ watchPath: ['*.cjs'] }));
    await reloadBy(front, async () => front.signal('SIGHUP'));
    await front.event('watching', ({ paths }) => String(paths) === '*.cjs');
    await reloadBy(front, () => project.greet('two'));
    expect(await greeting(front)).toBe('two');
  });
});

const pathOption = (path: string): readonly string[] => ['--watch-path', path];

test('zdlb ends promptly though it watches, in the middle of a change too', async () => {
  const project = await Project.create();
  const front = await project.start();
  await project.greet('two');
  const asked = performance.now();
  expect(await front.stop()).toEqual({ code: 0, signal: null });
  expect(performance.now() - asked).toBeLessThan(3_000);
});

test.runIf(canBoundWatches())(
  'where the system watches no more files, one line says which setting to raise',
  async () => {
    const project = await Project.create();
    for (let number = 0; number < 20; number++) await project.write(`src/${number}.js`, '');
    const front = await project.start([], { watches: 5 });
    const { level, msg } = await front.event('watch.failed');
    expect(level).toBe(40);
    expect(msg).toMatch(/^Cannot watch all files: .* fs\.inotify\.max_user_watches .*--watch-path/);
    expect(front.entries.filter(({ event }) => event === 'watch.failed')).toHaveLength(1);
    expect(await greeting(front)).toBe('one');
  },
);
