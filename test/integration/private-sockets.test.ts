import { existsSync, mkdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../kit/folder.ts';
import { freePort } from '../kit/free-port.ts';
import { spawnFront, startFront } from '../kit/front.ts';
import { fixture, Release } from '../kit/release.ts';

/** Worker 1 of this code fails when worker 0 has been ready for a while. */
const broken = (program: string) =>
  `if (process.env.ZDLB_WORKER === '1') setTimeout(() => process.exit(1), 400); else { ${program} }`;

test('a worker that never served leaves no socket behind', async () => {
  const temporary = temporaryFolder();
  const program = await fixture('load-server.cjs');
  const release = await Release.create(program);
  const front = await startFront({ script: release.script, args: ['--transport', 'unix'], env: { TMPDIR: temporary } });
  const [folder] = await readdir(temporary);
  const owners = async () => {
    const names = await readdir(join(temporary, folder!));
    return new Set(names.map((name) => Number.parseInt(name, 10)).filter((pid) => !Number.isNaN(pid)));
  };

  await release.deploy(2, broken(program(2)));
  const reload = front.reload();
  const ready = await front.event('worker.ready', ({ generation }) => generation === 2);
  expect(await owners()).toContain(ready['pid']);
  expect(await reload).toMatchObject({ event: 'reload.failed' });
  expect(await owners()).toEqual(new Set(front.workers(1).values()));

  expect(await front.stop()).toEqual({ code: 0, signal: null });
  expect(await readdir(temporary)).toEqual([]);
});

const isOwn = (name: string) => name.startsWith('zdlb-');

test('what a killed front leaves behind goes at the next start, and what a living one has stays', async () => {
  const temporary = temporaryFolder();
  const release = await Release.create(await fixture('load-server.cjs'));
  const path = join(temporary, 'app.sock');
  const start = (...args: string[]) =>
    startFront({
      script: release.script,
      args: ['--transport', 'unix', '--workers', '1', ...args],
      env: { TMPDIR: temporary },
    });
  const [living, killed] = await Promise.all([start(), start('--listen', `unix:${path}`)]);
  const before = (await readdir(temporary)).filter(isOwn);
  expect(before).toHaveLength(2);
  killed.signal('SIGKILL');
  await killed.exited;
  expect(existsSync(path)).toBe(true);

  const next = await start('--listen', `unix:${path}`);
  const left = (await readdir(temporary)).filter(isOwn);
  expect(left).toHaveLength(2);
  expect(left.filter((name) => before.includes(name))).toHaveLength(1);
  expect(await living.reload()).toMatchObject({ event: 'reload.done' });
  expect(await next.stop()).toEqual({ code: 0, signal: null });
  expect(await living.stop()).toEqual({ code: 0, signal: null });
  expect(await readdir(temporary)).toEqual([]);
});

test('a temporary folder whose path is too long for sockets is told before a worker starts', async () => {
  const temporary = join(temporaryFolder(), 'x'.repeat(70));
  mkdirSync(temporary);
  const script = join(temporary, 'server.cjs');
  const front = spawnFront({
    script,
    args: ['--port', `${await freePort()}`, '--transport', 'unix'],
    env: { TMPDIR: temporary },
  });
  expect(await front.exited).toEqual({ code: 3, signal: null });
  expect(front.stderr).toMatch(
    /^zdlb: Cannot make a folder for private sockets: the path .* is too long for sockets\. Set TMPDIR to one of at most \d+ bytes\n$/,
  );
  expect(await readdir(temporary)).toEqual([]);
});
