import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { entriesOf, expectNothingLost, expectSuccessorsFirst, isIn, more, serve } from '../kit/failing.ts';
import { freePort } from '../kit/free-port.ts';
import { spawnFront } from '../kit/front.ts';
import { leftAfter } from '../kit/process.ts';
import { fixture, Release } from '../kit/release.ts';

const ARGS = ['--health', '/healthz', '--health-interval', '100ms', '--health-timeout', '200ms'];

test.each([
  { name: 'answers 500', program: 'unhealthy', says: /500/ },
  { name: 'does not answer', program: 'health-hangs', says: /did not answer GET \/healthz/ },
])('new code that $name never takes over, and nothing is lost', async ({ program, says }) => {
  const scene = await serve(undefined, [...ARGS, '--ready-timeout', '3s']);
  const { front, load, release } = scene;
  await release.deployFixture(`failing/${program}.cjs`);
  const failed = await front.reload();
  expect(failed.event).toBe('reload.failed');
  expect([failed['reason'], failed['lastLines']].flat().join('\n')).toMatch(says);
  expect([...load.tally.versions]).toEqual(['1']);
  await expectNothingLost(scene);
});

test.each(['unhealthy', 'health-hangs'])('a first start of code that is %s ends with exit code 3', async (program) => {
  const release = await Release.create(await fixture('load-server.cjs'));
  await release.deployFixture(`failing/${program}.cjs`);
  const args = [...ARGS, '--ready-timeout', '2s', '--port', String(await freePort()), '--workers', '2'];
  const front = spawnFront({ script: release.script, args });
  expect(await front.exited).toEqual({ code: 3, signal: null });
  const pids = entriesOf(front, 'worker.exited').map(({ pid }) => Number(pid));
  expect(pids).toHaveLength(2);
  expect(await leftAfter(1_000, pids)).toEqual([]);
});

/** A front whose workers can be made ill by what is written to a file. */
async function serveIll(...args: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'zdlb-ill-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'ill');
  await writeFile(file, '');
  const scene = await serve('falls-ill', [...ARGS, ...args], { ILL: file });
  return { ...scene, makeIll: async (whom: string) => writeFile(file, whom) };
}

test('a worker that falls ill gets nothing more after three probes, and work again after two good ones', async () => {
  const scene = await serveIll('--health-grace', '1m');
  const { front, load, makeIll } = scene;
  const pid = front.workers(1).get(1)!;
  await makeIll('1');
  expect(await front.event('worker.unhealthy')).toMatchObject({ slot: 1, pid });
  await more(load, 20); // what it has in hand still
  load.tally.pids.clear();
  await more(load, 200);
  expect([...load.tally.pids]).toEqual([String(front.workers(1).get(0))]);
  await makeIll('');
  expect(await front.event('worker.healthy')).toMatchObject({ slot: 1, pid });
  await load.tally.answeredBy('pid', pid);
  expect(entriesOf(front, 'worker.replacing')).toEqual([]);
  await expectNothingLost(scene);
});

test('a worker that stays ill is replaced when --health-grace is over', async () => {
  const scene = await serveIll('--health-grace', '1s');
  const { front, load, makeIll } = scene;
  const ill = front.workers(1).get(1)!;
  await makeIll('1');
  expect(await front.event('worker.replacing')).toMatchObject({ slot: 1, reason: 'health' });
  await makeIll(''); // or the successor would never be ready
  const { pid } = await front.event('worker.replaced', isIn(1));
  expect(pid).not.toBe(ill);
  await load.tally.answeredBy('pid', Number(pid));
  expect(await leftAfter(5_000, [ill])).toEqual([]);
  expectSuccessorsFirst(front);
  await expectNothingLost(scene);
});

test('never more than half of the workers are out for health, though all are ill', async () => {
  const scene = await serveIll('--health-grace', '1m', '--workers', '4');
  const { front, load, makeIll } = scene;
  await makeIll('all');
  await front.event('worker.unhealthy');
  await more(load, 1_000); // some seconds, a dozen probes of each
  load.tally.pids.clear();
  await more(load, 200);
  expect(load.tally.pids.size).toBe(2);
  await makeIll('');
  await expectNothingLost(scene);
});
