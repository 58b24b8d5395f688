import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { instanceName } from '../../../src/instance/instance-name.js';

function folderWith(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'zdlb-name-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of names) writeFileSync(join(folder, name), '');
  return folder;
}

test('a name that was given stands', () => {
  expect(instanceName({ name: 'shop', script: 'server.js', cwd: '.' })).toBe('shop');
});

test.each([
  ['server.js', 'server'],
  ['shop.server.mjs', 'shop.server'],
  ['my app.js', 'my-app'],
])('a script %s gives %s', (script, name) => {
  expect(instanceName({ script, cwd: '.' })).toBe(name);
});

test.each([
  ['python3 app.py', 'app'],
  ['python3 -u app.py --port 1 other.py', 'app'],
  ['deno run --allow-net app.py', 'app'],
  ['./server', 'server'],
  ['/usr/bin/caddy run', 'caddy'],
  ['uvicorn app:app', 'uvicorn'],
  ['bundle exec puma', 'bundle'],
  ['python3 -m http.server', 'python3'],
])('the command %s gives %s: the first argument that is a file, else the program', (command, name) => {
  const cwd = folderWith('app.py', 'other.py');
  expect(instanceName({ command: command.split(' '), cwd })).toBe(name);
});

test('arguments that can be no path are no files', () => {
  expect(instanceName({ command: ['sh', '-c', 'x'.repeat(5_000)], cwd: '.' })).toBe('sh');
});
