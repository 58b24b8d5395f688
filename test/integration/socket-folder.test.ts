import { chownSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { SocketFolder } from '../../src/socket-folder.js';
import { temporaryFolder } from '../kit/folder.ts';
import { staleSocket } from '../kit/stale-socket.ts';

let parent = '';
beforeEach(() => {
  parent = temporaryFolder();
});

function make(): SocketFolder {
  const folder = SocketFolder.make(parent);
  onTestFinished(() => folder.remove());
  return folder;
}

/** What a front leaves behind that was killed. */
function leave(name: string): string {
  const folder = join(parent, name);
  mkdirSync(folder, 0o700);
  staleSocket(join(folder, 'front.sock'));
  staleSocket(join(folder, '4711-1-0123abcd.sock'));
  return folder;
}

test('a folder for private sockets is its owner’s alone, and goes with all that is in it', () => {
  const folder = make();
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  staleSocket(join(folder.path, '4711-1-0123abcd.sock'));
  folder.remove();
  expect(readdirSync(parent)).toEqual([]);
});

describe('a sweep', () => {
  test('removes what a killed front has left, and nothing of those that live or start', async () => {
    leave('zdlb-AbC123');
    leave('zdlb-AbC124');
    const living = [make(), make()];
    const starting = join(parent, 'zdlb-abcdef');
    mkdirSync(starting);
    const sweeps = [SocketFolder.sweep(parent), SocketFolder.sweep(parent)];
    const another = make();
    await Promise.all(sweeps);
    const left = [...living, another].map(({ path }) => path);
    expect(readdirSync(parent).map((name) => join(parent, name))).toEqual([...left, starting].toSorted());
    for (const path of left) expect(readdirSync(path)).toEqual(['front.sock']);
  });

  test('leaves alone what only looks like one', async () => {
    const elsewhere = leave('elsewhere');
    symlinkSync(elsewhere, join(parent, 'zdlb-links1'));
    mkdirSync(join(parent, 'zdlb-files1'));
    writeFileSync(join(parent, 'zdlb-files1', 'precious'), '');
    writeFileSync(join(parent, 'zdlb-file12'), '');
    leave('zdlb-longer-name');
    const before = readdirSync(parent, { recursive: true });
    await SocketFolder.sweep(parent);
    expect(readdirSync(parent, { recursive: true })).toEqual(before);
  });

  test('removes no file but its own sockets', async () => {
    const folder = leave('zdlb-AbC123');
    writeFileSync(join(folder, 'precious'), '');
    await SocketFolder.sweep(parent);
    expect(readdirSync(folder)).toEqual(['precious']);
  });

  test.runIf(process.getuid?.() === 0)(
    'leaves alone what belongs to another user (left out unless root, who alone can give it away)',
    async () => {
      const folder = leave('zdlb-AbC123');
      chownSync(join(folder, 'front.sock'), 65_534, 65_534);
      await SocketFolder.sweep(parent);
      expect(readdirSync(folder)).toHaveLength(2);
    },
  );

  test('does not mind a parent that is not there', async () => {
    renameSync(parent, `${parent}-gone`);
    onTestFinished(() => renameSync(`${parent}-gone`, parent));
    await SocketFolder.sweep(parent);
  });
});
