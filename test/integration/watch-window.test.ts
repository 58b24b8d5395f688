import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Front, startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { type Load, startLoad } from '../kit/load.ts';
import { BRIEF_POSTS, FEW, LIGHT, LOADS } from '../kit/loads.ts';
import { ENGINES } from '../kit/relay.ts';
import { fixture, Release } from '../kit/release.ts';

const ROLLBACK = fileURLToPath(new URL('../fixtures/rollback-on-signal.mjs', import.meta.url));
/** The defaults: so many answers with 5xx, and so many more of a hundred than before, take a generation back. */
const ERRORS = 10;
const MARGIN = 5;
const LATEST_MS = 1_000;

const POSTS: Load = { ...BRIEF_POSTS, lanes: 5 };

/** A front whose second version is on disk, and clients of the first. */
async function serving(sours: string, loads: readonly Load[], window = '30s') {
  const source = await fixture('souring-server.cjs');
  const release = await Release.create((version) =>
    source(version).replaceAll('@sours@', version === 1 ? 'never' : sours),
  );
  const ledger = await Ledger.create();
  const front = await startFront({
    script: release.script,
    args: ['--watch-window', window],
    env: { LEDGER: ledger.path },
  });
  const running = loads.map((load) => startLoad(load, front.port));
  await Promise.all(running.map(({ tally }) => tally.answeredBy('version', 1)));
  await release.deploy(2);
  const stop = async () => Promise.all(running.map((load) => load.stop()));
  return { front, ledger, stop };
}

/** Which versions answer a new client. */
async function versionsNow(front: Front): Promise<string[]> {
  const load = startLoad(LIGHT, front.port);
  await load.tally.served(50);
  return [...(await load.stop()).versions];
}

/** Asks for a rollback; what becomes of it, in words. */
async function rollBack(front: Front): Promise<string> {
  const told = front.stderr.length;
  front.signal('SIGWINCH');
  await expect.poll(() => front.stderr.slice(told), { timeout: 5_000, interval: 10 }).toMatch(/\n$/);
  return front.stderr.slice(told).trim();
}

describe('in the watch window, under load,', () => {
  test('code that starts to answer 500 is taken back within a second, and only what it answered itself has failed', async () => {
    const { front, ledger, stop } = await serving('500', [LIGHT, POSTS]);
    const failed = await front.reload();
    expect(failed).toMatchObject({ event: 'reload.failed', reason: expect.stringMatching(/taken back: .*5xx/) });
    expect(await versionsNow(front)).toEqual(['1']);

    const tallies = await stop();
    const answers = (await ledger.rows()).filter(([, , version]) => version === '2');
    const crossed = crossing(answers);
    expect(Number(failed['time']) - crossed).toBeLessThan(LATEST_MS);
    expect(Number(answers.at(-1)![4]) - crossed).toBeLessThan(LATEST_MS);
    const bad = answers.filter(([, , , status]) => status === '500').map(([id]) => id!);
    expect(tallies.flatMap((tally) => tally.failed).toSorted()).toEqual(bad.toSorted());
    for (const { outcomes, issued, examples } of tallies) {
      const { ok = 0, 'status-500': errors = 0, ...others } = outcomes;
      expect(others, examples.join('\n')).toEqual({});
      expect(ok + errors).toBe(issued);
    }
    expect(tallies.map(({ connections }) => connections)).toEqual([LIGHT.lanes, POSTS.lanes]);
  });

  test('code that crashes is taken back, and every GET is answered', async () => {
    const { front, stop } = await serving('crash', [LIGHT]);
    const reason = expect.stringMatching(/taken back: Worker \d exited with code 7/);
    expect(await front.reload()).toMatchObject({ event: 'reload.failed', reason });
    expect(await versionsNow(front)).toEqual(['1']);
    const [tally] = await stop();
    expect(tally!.outcomes, tally!.examples.join('\n')).toEqual({ ok: tally!.issued });
    expect(tally!.connections).toBe(LIGHT.lanes);
  });

  test('good code stays', async () => {
    const { front, ledger, stop } = await serving('never', [LIGHT, POSTS], '1s');
    expect(await front.reload()).toMatchObject({ event: 'reload.done', generation: 2 });
    await front.event('generation.retired', ({ generation }) => generation === 1);
    expect(await versionsNow(front)).toEqual(['2']);
    const tallies = await stop();
    for (const { outcomes, issued, examples } of tallies) expect(outcomes, examples.join('\n')).toEqual({ ok: issued });
    expect((await ledger.audit(tallies.flatMap((tally) => Array.from(tally.ids())))).missing).toEqual([]);
  });
});

describe.each(ENGINES)('by the %s, under load,', (engine) => {
  test('rolling back loses nothing in either direction', async () => {
    const source = await fixture('load-server.cjs');
    const release = await Release.create(source);
    const ledger = await Ledger.create();
    const front = await startFront({
      script: release.script,
      args: ['--http-engine', engine, '--watch-window', '30s'],
      env: { LEDGER: ledger.path },
      nodeArgs: ['--import', ROLLBACK],
    });
    // Streams that begin on a version which is taken back take seconds to end; one engine is enough for these in npm test.
    const wanted = engine === 'relay' || process.env['ZDLB_TEST_RELOADS'] !== undefined ? LOADS : FEW;
    const kinds = wanted.map((load) => Object.assign({}, load, { lanes: Math.min(load.lanes, 5) }));
    const loads = kinds.map((kind) => startLoad(kind, front.port));
    const [soonest] = loads;
    await Promise.all(loads.map(({ tally }) => tally.answeredBy('version', 1)));
    expect(await rollBack(front)).toMatch('Cannot roll back: no former generation is warm');

    for (const version of [2, 3]) {
      await release.deploy(version);
      const reload = front.reload();
      await soonest!.tally.answeredBy('version', version);
      expect(await rollBack(front)).toBe('rolled back to 1');
      expect(await reload).toMatchObject({ event: 'reload.failed', reason: expect.stringContaining('the operator') });
    }
    // What they hold they finish, before they retire; the third may be done before the second.
    for (const former of [2, 3]) await front.event('generation.retired', ({ generation }) => generation === former);
    await nextTurn(); // the last heads that they sent were read in the turn in which the log was, at the latest
    for (const { tally } of loads) tally.versions.clear();
    await Promise.all(loads.map(({ tally }) => tally.answeredBy('version', 1)));

    const tallies = await Promise.all(loads.map((load) => load.stop()));
    for (const [index, { outcomes, issued, examples, versions, connections }] of tallies.entries()) {
      expect(outcomes, `${kinds[index]!.name}: ${examples.join('\n')}`).toEqual({ ok: issued });
      expect([...versions]).toEqual(['1']);
      if (kinds[index]!.connection === 'kept') expect(connections).toBe(kinds[index]!.lanes);
    }
    expect(await ledger.audit(tallies.flatMap((tally) => Array.from(tally.ids())))).toEqual(EXACTLY_ONCE);
    expect(await front.stop()).toEqual({ code: 0, signal: null });
  });
});

/** When a generation that follows one without a single error had answered 5xx more often than it may. */
function crossing(answers: readonly (readonly string[])[]): number {
  let errors = 0;
  for (const [index, [, , , status, time]] of answers.entries()) {
    if (status === '500') errors++;
    if (errors >= ERRORS && (100 * errors) / (index + 1) > MARGIN) return Number(time);
  }
  throw new Error(`${errors} of ${answers.length} answers were 500: the margin was never crossed`);
}
