import { expect, test } from 'vitest';
import { type Entry, type Front, startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { type Load, startLoad } from '../kit/load.ts';
import { BRIEF_POSTS, LIGHT } from '../kit/loads.ts';
import { leftAfter } from '../kit/process.ts';
import { fixture, Release } from '../kit/release.ts';

/** A front that serves good code under a load; then the failing program is deployed, and the front reloaded. */
async function reloadTo(program: string, args: readonly string[] = [], kind: Load = LIGHT) {
  const release = await Release.create(await fixture('load-server.cjs'));
  const ledger = await Ledger.create();
  const front = await startFront({ script: release.script, args, env: { LEDGER: ledger.path } });
  const load = startLoad(kind, front.port);
  await load.tally.answeredBy('version', 1);
  await release.deployFixture(`failing/${program}.cjs`);
  expect(await front.reload()).toMatchObject({ event: 'reload.done', generation: 2 });
  await load.tally.answeredBy('version', program);
  return { release, ledger, front, load };
}

/** Good code in the place of the failing program. */
async function repair({ release, front, load }: Awaited<ReturnType<typeof reloadTo>>) {
  await release.deploy(3);
  expect(await front.reload()).toMatchObject({ event: 'reload.done' });
  await load.tally.answeredBy('version', 3);
}

async function startWith(program: string, ...args: readonly string[]): Promise<Front> {
  const release = await Release.create(await fixture('load-server.cjs'));
  await release.deployFixture(`failing/${program}.cjs`);
  return startFront({ script: release.script, args });
}

const isOf =
  (generation: number) =>
  (entry: Entry): boolean =>
    entry['generation'] === generation;

test('code that exits after it was taken for good: clients wait for its next worker, and are all answered', async () => {
  const scene = await reloadTo('exits-in-service');
  const { front, load, ledger } = scene;
  const { msg } = await front.event('worker.exited', isOf(2));
  expect(msg).toMatch(/exited with code 1: licence expired/);
  for (const slot of [0, 1]) {
    await front.event('worker.restarting', (entry) => entry['slot'] === slot && Number(entry['delayMs']) >= 100);
  }
  await repair(scene);
  const tally = await load.stop();
  await front.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(tally.connections).toBe(LIGHT.lanes);
  expect(await ledger.audit(tally.ids())).toMatchObject({ missing: [], invented: [] });
});

test('code that exits after listening is started anew again and again, ever later', async () => {
  const front = await startWith('exits-after-listening', '--workers', '1');
  await front.event('worker.restarting', (entry) => Number(entry['delayMs']) >= 200);
  const delays = front.entries.filter(({ event }) => event === 'worker.restarting').map(({ delayMs }) => delayMs);
  expect(delays).toEqual([0, 100, 150, 225]);
  expect((await fetch(`http://127.0.0.1:${front.port}/now/x`)).status).toBe(200);
  expect(await front.stop()).toEqual({ code: 0, signal: null });
});

test('code that ignores SIGTERM is killed when its time is over, and nobody notices', async () => {
  const scene = await reloadTo('ignores-sigterm', ['--kill-timeout', '500ms']);
  const { front, load, ledger } = scene;
  const stubborn = [...front.workers(2).values()];
  await repair(scene);
  await front.event('generation.retired', isOf(2));
  const killed = front.entries.filter(({ event }) => event === 'worker.killed').map(({ pid }) => Number(pid));
  expect(new Set(killed)).toEqual(new Set(stubborn));
  expect(await leftAfter(1_000, stubborn)).toEqual([]);
  const tally = await load.stop();
  await front.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(await ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
});

test('a front with code that ignores SIGTERM stops within the kill timeout, and exits 0', async () => {
  const front = await startWith('ignores-sigterm', '--kill-timeout', '500ms');
  const stubborn = [...front.workers(1).values()];
  expect(await front.stop()).toEqual({ code: 0, signal: null });
  expect(await leftAfter(1_000, stubborn)).toEqual([]);
});

test('children that outlive their worker go when it retires, and when zdlb stops', async () => {
  const scene = await reloadTo('leaves-children', ['--kill-timeout', '500ms']);
  const { front, load } = scene;
  const children = await childrenOf(front, 2);
  await repair(scene);
  await front.event('generation.retired', isOf(2));
  expect(await leftAfter(1_000, children)).toEqual([]);
  const tally = await load.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });

  const other = await startWith('leaves-children', '--kill-timeout', '500ms');
  const more = await childrenOf(other, 1);
  expect(await other.stop()).toEqual({ code: 0, signal: null });
  expect(await leftAfter(1_000, more)).toEqual([]);
});

/** The pids that both workers of a generation of leaves-children have told. */
async function childrenOf(front: Front, generation: number): Promise<number[]> {
  const told = [0, 1].map((slot) =>
    front.event(
      'worker.output',
      (entry) => isOf(generation)(entry) && entry['slot'] === slot && entry.msg.startsWith('child '),
    ),
  );
  return (await Promise.all(told)).map(({ msg }) => Number(msg.slice('child '.length)));
}

test('code that floods its output slows down itself only: every request is answered, and it can be replaced', async () => {
  const scene = await reloadTo('floods-output');
  const { front, load, ledger } = scene;
  for (const stream of ['stdout', 'stderr']) {
    await front.event('worker.output', (entry) => isOf(2)(entry) && entry['stream'] === stream);
  }
  await load.tally.served((load.tally.outcomes.ok ?? 0) + 50);
  await repair(scene);
  const tally = await load.stop();
  await front.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(await ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
});

/** Resolves when so many workers of generation 2 have crashed. */
async function crashes(front: Front, count: number): Promise<void> {
  const crashed = () =>
    front.entries.filter(({ event, ...entry }) => event === 'worker.exited' && isOf(2)(entry as Entry));
  while (crashed().length < count) await front.event('worker.exited', isOf(2), front.mark());
}

test('code that dies at random: every GET is answered, and good code takes over', async () => {
  const scene = await reloadTo('dies-at-random');
  const { front, load, ledger } = scene;
  await crashes(front, 6);
  await repair(scene);
  const tally = await load.stop();
  await front.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(tally.connections).toBe(LIGHT.lanes);
  expect(await ledger.audit(tally.ids())).toMatchObject({ missing: [], invented: [] });
});

test('code that dies at random loses the POSTs that it had in hand itself, with a 502, and no others', async () => {
  const scene = await reloadTo('dies-at-random', [], BRIEF_POSTS);
  const { front, load, ledger } = scene;
  await crashes(front, 6);
  await repair(scene);
  const tally = await load.stop();
  await front.stop();
  const { ok = 0, 'status-502': lost = 0, 'closed-by-server': _closed, ...others } = tally.outcomes;
  expect(others, tally.examples.join('\n')).toEqual({});
  expect(ok + lost).toBe(tally.issued);
  // Proof that some were in flight at the victims, and that no more failed than were in flight at all.
  expect(lost).toBeGreaterThan(0);
  expect(lost).toBeLessThanOrEqual(victimsOf(front).length * BRIEF_POSTS.lanes);
  const { repeated, invented } = await ledger.audit(tally.ids());
  expect({ repeated, invented }).toEqual({ repeated: [], invented: [] });
  expect(victimsOf(front)).toEqual(expect.arrayContaining([...(await ledger.begunOn(tally.failed))]));
});

/** The pids of those that were killed, as the ledger writes them. */
function victimsOf(front: Front): string[] {
  const killed = front.entries.filter(({ event, signal }) => event === 'worker.exited' && signal === 'SIGKILL');
  return killed.map(({ pid }) => String(pid));
}
