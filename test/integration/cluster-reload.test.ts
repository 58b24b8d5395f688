import { expect, test } from 'vitest';
import { startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { startLoad, type Load } from '../kit/load.ts';
import { FEW, LOADS } from '../kit/loads.ts';
import { fixture, Release } from '../kit/release.ts';
import { reloadTimes, versionsAfter } from '../kit/reloads.ts';

const WANTED = process.env['ZDLB_TEST_RELOADS'];
const RELOADS = Number(WANTED ?? 2);
const TIMEOUT_MS = 30_000 + RELOADS * 10_000;

/**
 * Clients that do as they are told: a kept connection is opened anew when an answer says `Connection: close`. Pipelining ones are
 * left out: a server that closes leaves what was sent behind the last request unanswered, and its client has to ask again.
 */
const HONOURING = (WANTED === undefined ? FEW : LOADS).filter(({ name }) => !name.includes('pipelined')).map(honouring);

function honouring(load: Load): Load {
  return load.connection === 'kept' ? { ...load, connection: 'until told' } : load;
}

test.for(HONOURING)(
  `${RELOADS} reloads of workers that clients are connected to themselves lose nothing under $name`,
  { timeout: TIMEOUT_MS },
  async (kind) => {
    const release = await Release.create(await fixture('load-server.cjs'));
    const ledger = await Ledger.create();
    const front = await startFront({
      script: release.script,
      args: ['--backend', 'cluster'],
      env: { LEDGER: ledger.path },
    });
    const load = startLoad(kind, front.port);
    await reloadTimes(RELOADS, { front, release, load }, (version) =>
      front.event('generation.retired', ({ generation }) => generation === version - 1),
    );

    const tally = await load.stop();
    const exit = await front.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    expect([...tally.versions]).toEqual(versionsAfter(RELOADS));
    // Each was told once per reload; the last time, the load may have ended before it connected anew.
    if (kind.connection === 'until told') {
      expect(tally.connections).toBeGreaterThanOrEqual(kind.lanes * RELOADS);
      expect(tally.connections).toBeLessThanOrEqual(kind.lanes * (1 + RELOADS));
    }
    expect(await ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
    expect(exit).toEqual({ code: 0, signal: null });
  },
);
