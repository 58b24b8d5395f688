import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startFront, type Front } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { startLoad } from '../kit/load.ts';
import { FRESH, LIGHT, SLOW, SLOW_POSTS } from '../kit/loads.ts';
import { leftAfter } from '../kit/process.ts';
import { ENGINES } from '../kit/relay.ts';
import { fixture, Release } from '../kit/release.ts';

const BLOCKED_SERVER = fileURLToPath(new URL('../fixtures/blocked-server.cjs', import.meta.url));

/** Kills the worker in that slot and resolves with the pid of its successor. */
async function killWorker(front: Front, slot: number): Promise<number> {
  const victim = front.workers(1).get(slot)!;
  const since = front.mark();
  process.kill(victim, 'SIGKILL');
  await front.event('worker.exited', (entry) => entry['pid'] === victim, since);
  const successor = await front.event('worker.ready', (entry) => entry['slot'] === slot, since);
  return Number(successor['pid']);
}

async function startProgram(...args: string[]): Promise<{ front: Front; release: Release; ledger: Ledger }> {
  const release = await Release.create(await fixture('load-server.cjs'));
  const ledger = await Ledger.create();
  const front = await startFront({ script: release.script, args, env: { LEDGER: ledger.path } });
  return { front, release, ledger };
}

describe.each(ENGINES)('by the %s,', (engine) => {
  test('clients do not notice that a worker dies between their requests', async () => {
    const { front } = await startProgram('--http-engine', engine);
    const loads = [startLoad(LIGHT, front.port), startLoad(FRESH, front.port)];
    await Promise.all(loads.map(({ tally }) => tally.answeredBy('version', 1)));
    const successor = await killWorker(front, 0);
    for (const load of loads) {
      await load.tally.answeredBy('pid', successor);
      const { outcomes, issued, examples } = await load.stop();
      expect(outcomes, examples.join('\n')).toEqual({ ok: issued });
    }
  });

  test('while the only worker is down, idempotent requests wait for its successor', async () => {
    const { front, ledger } = await startProgram('--http-engine', engine, '--workers', '1');
    // Leaves many idle connections to the worker behind, all of which die with it.
    const crowd = startLoad({ ...SLOW, lanes: 200 }, front.port);
    await crowd.tally.answeredBy('version', 1);
    await crowd.stop();
    const load = startLoad(SLOW, front.port);
    await ledger.begunBy(front.workers(1).get(0)!);
    await load.tally.answeredBy('pid', await killWorker(front, 0));
    const tally = await load.stop();
    await front.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    const { missing } = await ledger.audit(tally.ids());
    expect(missing).toEqual([]);
  });

  test('idempotent requests in flight at a worker that dies are answered by another', async () => {
    const { front, ledger } = await startProgram('--http-engine', engine);
    const load = startLoad(SLOW, front.port);
    await ledger.begunBy(front.workers(1).get(0)!);
    await killWorker(front, 0);
    const tally = await load.stop();
    await front.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    const audit = await ledger.audit(tally.ids());
    expect(audit.missing).toEqual([]);
    // Proof that some were in flight at the victim, and no more than its share of the lanes.
    expect(audit.repeated.length).toBeGreaterThan(0);
    expect(audit.repeated.length).toBeLessThanOrEqual(SLOW.lanes);
  });

  test('a POST in flight at a worker that dies gets a 502, and is never sent to a second worker', async () => {
    const { front, ledger } = await startProgram('--http-engine', engine);
    const load = startLoad(SLOW_POSTS, front.port);
    await ledger.begunBy(front.workers(1).get(0)!);
    await load.tally.answeredBy('pid', await killWorker(front, 0));
    const tally = await load.stop();
    await front.stop();
    // Whether a 502 ends its connection is left open.
    const { ok = 0, 'status-502': lost = 0, 'closed-by-server': closed = 0, ...others } = tally.outcomes;
    expect(closed === 0 || closed === lost).toBe(true);
    expect(others, tally.examples.join('\n')).toEqual({});
    expect(ok + lost).toBe(tally.issued);
    // Proof that some were in flight at the victim, and that no others failed.
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThanOrEqual(SLOW_POSTS.lanes);
    const { missing, ...audit } = await ledger.audit(tally.ids());
    expect(audit).toEqual({ repeated: [], invented: [] });
    expect(tally.failed).toEqual(expect.arrayContaining([...missing]));
  });
});

test('a slot is refilled with the code of its generation though newer code lies on disk', async () => {
  const { front, release, ledger } = await startProgram();
  const load = startLoad(LIGHT, front.port);
  await load.tally.answeredBy('version', 1);
  await release.deploy(2);
  for (const slot of [0, 1]) {
    await load.tally.answeredBy('pid', await killWorker(front, slot));
    expect([...load.tally.versions]).toEqual(['1']);
  }
  expect(await front.reload()).toMatchObject({ event: 'reload.done', generation: 2 });
  await load.tally.answeredBy('version', 2);
  const tally = await load.stop();
  await front.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(await ledger.audit(tally.ids())).toMatchObject({ ...EXACTLY_ONCE, repeated: expect.any(Array) });
});

test('kill -9 of the front takes along a blocked worker, an idle one and a grandchild', async () => {
  const front = await startFront({ script: BLOCKED_SERVER });
  const ask = async (path: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${front.port}${path}`);
    return Number(await response.text());
  };
  const grandchild = await ask('/grandchild');
  const spinning = await ask('/spin');
  const workers = [...front.workers(1).values()];
  expect(workers).toContain(spinning);
  front.signal('SIGKILL');
  expect(await leftAfter(2_000, [grandchild, ...workers])).toEqual([]);
});
