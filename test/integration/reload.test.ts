import { expect, test } from 'vitest';
import { startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { startLoad } from '../kit/load.ts';
import { LOADS } from '../kit/loads.ts';
import { fixture, Release } from '../kit/release.ts';

const RELOADS = Number(process.env['ZDLB_TEST_RELOADS'] ?? 2);
/** A reload may have to wait until streams of several seconds have ended. */
const TIMEOUT_MS = 30_000 + RELOADS * 10_000;

test.for(LOADS)(`${RELOADS} reloads go unnoticed under $name`, { timeout: TIMEOUT_MS }, async (kind) => {
  const release = await Release.create(await fixture('load-server.cjs'));
  const ledger = await Ledger.create();
  const front = await startFront({ script: release.script, env: { LEDGER: ledger.path } });
  const load = startLoad(kind, front.port);
  await load.tally.answeredBy('version', 1);

  for (let version = 2; version <= 1 + RELOADS; version++) {
    await release.deploy(version);
    expect(await front.reload()).toMatchObject({ event: 'reload.done', generation: version });
    await load.tally.answeredBy('version', version);
  }

  const tally = await load.stop();
  const exit = await front.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect([...tally.versions]).toEqual(Array.from({ length: 1 + RELOADS }, (_, index) => String(index + 1)));
  if (kind.connection === 'kept') expect(tally.connections).toBe(kind.lanes);
  expect(await ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
  expect(exit).toEqual({ code: 0, signal: null });
});
