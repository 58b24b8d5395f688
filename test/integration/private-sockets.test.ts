import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFront } from '../kit/front.ts';
import { fixture, Release } from '../kit/release.ts';

/** Worker 1 of this code fails when worker 0 has been ready for a while. */
const broken = (program: string) =>
  `if (process.env.ZDLB_WORKER === '1') setTimeout(() => process.exit(1), 400); else { ${program} }`;

test('a worker that never served leaves no socket behind', async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'zdlb-sockets-'));
  onTestFinished(() => rm(temporary, { recursive: true, force: true }));
  const program = await fixture('load-server.cjs');
  const release = await Release.create(program);
  const front = await startFront({ script: release.script, args: ['--transport', 'unix'], env: { TMPDIR: temporary } });
  const [folder] = await readdir(temporary);
  const owners = async () => {
    const names = await readdir(join(temporary, folder!));
    return new Set(names.map((name) => Number.parseInt(name, 10)));
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
