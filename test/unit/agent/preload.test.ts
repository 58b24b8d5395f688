import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { removePreload } from '../../../dist/agent/preload.cjs';

const FILE = '/opt/zdlb/agent.cjs';

function without(args: string[], file = FILE): string[] {
  removePreload(args, file);
  return args;
}

it.each([[['--require', FILE]], [['-r', FILE]], [[`--require=${FILE}`]], [['--require', relative('.', FILE)]]])(
  'takes %j out of the arguments, and nothing else',
  (args) => {
    expect(without(['--no-warnings', ...args, '--require', './other.cjs', '-r', 'dotenv/config'])).toEqual([
      '--no-warnings',
      '--require',
      './other.cjs',
      '-r',
      'dotenv/config',
    ]);
  },
);

it('finds itself behind a symbolic link', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zdlb-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'agent.cjs'), '');
  symlinkSync('agent.cjs', join(folder, 'link.cjs'));
  expect(without(['--require', join(folder, 'link.cjs')], join(folder, 'agent.cjs'))).toEqual([]);
});

it('copes with a --require that has no value', () => {
  expect(without(['--require'])).toEqual(['--require']);
});
