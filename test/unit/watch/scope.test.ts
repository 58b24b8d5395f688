import type { Stats } from 'node:fs';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Scope } from '../../../src/watch/scope.js';

const FILE = { isDirectory: () => false } as Stats;
const FOLDER = { isDirectory: () => true } as Stats;

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'zdlb-scope-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), '');
}

async function settled(...paths: readonly string[]): Promise<Scope> {
  const scope = new Scope({ folder, paths, except: [join(folder, 'zdlb.pid')] });
  await scope.settle();
  return scope;
}

const files = (scope: Scope, ...paths: readonly string[]) =>
  paths.filter((path) => !scope.leavesOut(join(folder, path), FILE));

test('a folder is watched but for what is hidden, foreign or a log', async () => {
  const scope = await settled();
  const kept = ['a.js', 'src/b.css', 'data.logs'];
  const left = [
    '.env',
    '.git/index',
    'a/.cache/b',
    'node_modules/x/y.js',
    'a/node_modules/x',
    'a.log',
    'a.js~',
    'zdlb.pid',
  ];
  expect(files(scope, ...kept, ...left)).toEqual(kept);
  expect(scope.leavesOut(join(folder, 'old.log'), FOLDER)).toBe(false);
  expect(scope.leavesOut(dirname(folder), FOLDER)).toBe(true);
  expect(scope.leavesOut(`${folder}-other/a.js`, FILE)).toBe(true);
});

test('a folder may itself be hidden, or in node_modules, when it is named', async () => {
  put('.config/a.json');
  put('node_modules/mine/index.js');
  const scope = await settled('.config', 'node_modules/mine');
  expect(files(scope, '.config/a.json', 'node_modules/mine/index.js', 'node_modules/other/index.js')).toEqual([
    '.config/a.json',
    'node_modules/mine/index.js',
  ]);
});

test('a file counts alone, hidden or not', async () => {
  put('.env');
  const scope = await settled('.env');
  expect(await scope.settle()).toEqual([folder]);
  expect(files(scope, '.env', 'a.js', 'sub/.env')).toEqual(['.env']);
});

test('a pattern is looked for from its fixed part on', async () => {
  put('src/a/b.ts');
  const scope = await settled('src/**/*.ts', '.env*');
  expect(await scope.settle()).toEqual([join(folder, 'src'), folder]);
  expect(files(scope, 'src/a.ts', 'src/a/b.ts', 'src/a.js', 'src/.x/a.ts', 'b.ts', '.env.local')).toEqual([
    'src/a.ts',
    'src/a/b.ts',
    '.env.local',
  ]);
  expect(scope.leavesOut(join(folder, 'src/a'), FOLDER)).toBe(false);
  expect(scope.leavesOut(join(folder, 'src/node_modules'), FOLDER)).toBe(true);
});

test('what exists under the very name is no pattern', async () => {
  put('[id].js');
  const scope = await settled('[id].js');
  expect(files(scope, '[id].js', 'i.js')).toEqual(['[id].js']);
});

test('a pattern with ! leaves out, alone or with others', async () => {
  put('src/a.js');
  expect(files(await settled('!dist/**'), 'src/a.js', 'dist/a.js')).toEqual(['src/a.js']);
  expect(files(await settled('src', '!**/*.test.js'), 'src/a.js', 'src/a.test.js', 'b.js')).toEqual(['src/a.js']);
});

test('its mark changes when a folder is made anew under the same name, and when a missing one appears', async () => {
  put('src/a.js');
  const scope = await settled('src', 'dist');
  const marks = [await scope.mark()];
  expect(await scope.mark()).toBe(marks[0]);
  rmSync(join(folder, 'src'), { recursive: true });
  put('src/a.js');
  marks.push(await scope.mark());
  put('dist/a.js');
  marks.push(await scope.mark());
  expect(new Set(marks).size).toBe(3);
});

test('paths are shown as seen from the folder', async () => {
  const scope = await settled();
  expect(scope.shown(join(folder, 'src/a.js'))).toBe('src/a.js');
  expect(scope.shown('/elsewhere/a.js')).toBe('/elsewhere/a.js');
});
