import { describe, expect, test } from 'vitest';
import { startFront } from '../kit/front.ts';
import { Ledger } from '../kit/ledger.ts';
import { killAtRandom } from '../kit/killer.ts';
import { startLoad, type Load } from '../kit/load.ts';
import { BRIEF_POSTS, FULL_SPEED } from '../kit/loads.ts';
import { fixture, Release } from '../kit/release.ts';

const MATRIX = process.env['ZDLB_TEST_KILLS'];
const KILLS = Number(MATRIX ?? 2);
/** The short run leaves out ports: crash.test.ts has workers die there. */
const TRANSPORTS = MATRIX === undefined ? ['unix'] : ['port', 'unix'];
const TIMEOUT_MS = 30_000 + KILLS * 2_000;

/** Four workers, one of which is killed every second while the load goes on; what became of its requests. */
async function killUnder(kind: Load, transport: string) {
  const release = await Release.create(await fixture('load-server.cjs'));
  const ledger = await Ledger.create();
  const args = ['--workers', '4', '--transport', transport];
  const front = await startFront({ script: release.script, args, env: { LEDGER: ledger.path } });
  const load = startLoad(kind, front.port);
  await load.tally.answeredBy('version', 1);
  const kills = await killAtRandom(front, KILLS);
  const tally = await load.stop();
  await front.stop();
  const summary = `${kills.pids.size} killed, ${kills.fewestReady} or more ready each time, ${JSON.stringify(tally.outcomes)}`;
  if (MATRIX !== undefined) console.info(`${kind.name}, ${transport}: ${summary}`);
  const [audit, lostOn] = await Promise.all([ledger.audit(tally.ids()), ledger.begunOn(tally.failed)]);
  return { killed: kills.pids, tally, audit, lostOn };
}

describe.for(TRANSPORTS)(`while a worker is killed every second, ${KILLS} times, over %s`, (transport) => {
  test('every GET is answered', { timeout: TIMEOUT_MS }, async () => {
    const { killed, tally, audit } = await killUnder(FULL_SPEED, transport);
    expect(killed.size).toBe(KILLS);
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    expect(tally.connections).toBe(FULL_SPEED.lanes);
    expect(audit).toMatchObject({ missing: [], invented: [] });
  });

  test(
    'a POST fails only at a killed worker, with a 502, and none is executed twice',
    { timeout: TIMEOUT_MS },
    async () => {
      const { killed, tally, audit, lostOn } = await killUnder(BRIEF_POSTS, transport);
      expect(killed.size).toBe(KILLS);
      const { ok = 0, 'status-502': lost = 0, ...others } = tally.outcomes;
      expect(others, tally.examples.join('\n')).toEqual({});
      expect(ok + lost).toBe(tally.issued);
      // Proof that some were in flight at the victims, and that no more failed than were in flight at all.
      expect(lost).toBeGreaterThan(0);
      expect(lost).toBeLessThanOrEqual(KILLS * BRIEF_POSTS.lanes);
      const { missing, ...executions } = audit;
      expect(executions).toEqual({ repeated: [], invented: [] });
      // What failed was begun by a worker that was killed, or lost on the way to it; what did not fail was executed.
      expect([...killed]).toEqual(expect.arrayContaining([...lostOn]));
      expect(tally.failed).toEqual(expect.arrayContaining([...missing]));
    },
  );
});
