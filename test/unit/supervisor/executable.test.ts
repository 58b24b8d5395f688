import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findExecutable, pin } from '../../../dist/supervisor/executable.js';

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'zdlb-executable-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

async function put(path: string, content: string, mode = 0o755): Promise<string> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  await chmod(file, mode);
  return file;
}

describe('a name', () => {
  test('is looked for in the folders of PATH, the first that can be run', async () => {
    await put('a/app', '', 0o644);
    await mkdir(join(folder, 'b/app'), { recursive: true });
    const file = await put('c/app', '');
    await put('d/app', '');
    const path = ['/nowhere', 'a', join(folder, 'b'), 'c', 'd'].join(':');
    expect(await findExecutable('app', folder, path)).toBe(file);
    expect(await findExecutable('other', folder, path)).toBeUndefined();
  });

  test('with a slash is a path from the working folder, and not looked for elsewhere', async () => {
    const file = await put('bin/app', '');
    expect(await findExecutable('bin/app', folder)).toBe(file);
    expect(await findExecutable('./bin/../bin/app', folder)).toBe(file);
    await expect(findExecutable('./app', folder, join(folder, 'bin'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('what is pinned down', () => {
  test('stays the same binary when its link is swapped, and keeps the name of the link', async () => {
    const first = await put('v1/server', 'ELF 1');
    await put('v2/server', 'ELF 2');
    await symlink('v1/server', join(folder, 'server'));
    expect(await pin(join(folder, 'server'))).toEqual({ file: first, argv0: join(folder, 'server') });
  });

  test('of a folder behind a link is in the real folder', async () => {
    await put('r1/bin/server', '#!/bin/sh');
    await symlink('r1', join(folder, 'current'));
    const file = join(folder, 'r1/bin/server');
    expect(await pin(join(folder, 'current/bin/server'))).toEqual({ file, argv0: file });
  });

  test('a script keeps the name of its link, since that is all it is told', async () => {
    await put('tool', '#!/bin/sh');
    await symlink('tool', join(folder, 'applet'));
    const file = join(folder, 'applet');
    expect(await pin(file)).toEqual({ file, argv0: file });
  });
});
