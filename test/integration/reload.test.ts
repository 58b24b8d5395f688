import { describe, expect, test } from 'vitest';
import { startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { type Load, startLoad } from '../kit/load.ts';
import { FEW, LOADS } from '../kit/loads.ts';
import { fixture, Release } from '../kit/release.ts';
import { reloadTimes, versionsAfter } from '../kit/reloads.ts';

const RELOADS = process.env['ZDLB_TEST_RELOADS'];
/** A reload may have to wait until streams of several seconds have ended. */
const timeoutFor = (reloads: number) => 30_000 + reloads * 10_000;

interface Way {
  readonly name: string;
  readonly args: readonly string[];
  /** How many reloads in `npm test`, and under which loads there. */
  readonly few: number;
  readonly loads: readonly Load[];
}

/** How a front is to reload, over private ports; and whether `npm test` tries it over Unix sockets too. */
const WAYS: readonly (Way & { readonly isTriedTwice: boolean })[] = [
  { name: 'by the relay', args: [], few: 2, loads: LOADS, isTriedTwice: true },
  { name: 'by the http-proxy', args: ['--http-engine', 'http-proxy'], few: 1, loads: FEW, isTriedTwice: false },
  { name: 'one worker at a time', args: ['--surge', '1'], few: 2, loads: FEW, isTriedTwice: false },
];

function overUnixSockets({ name, args }: Way): Way {
  return { name: `${name}, over Unix sockets`, args: [...args, '--transport', 'unix'], few: 1, loads: FEW };
}

const UNIX_WAYS = WAYS.filter(({ isTriedTwice }) => isTriedTwice || RELOADS !== undefined).map(overUnixSockets);

describe.each<Way>([...WAYS, ...UNIX_WAYS])('$name', ({ args, few, loads }) => {
  const reloads = Number(RELOADS ?? few);
  const timeout = timeoutFor(reloads);
  const batches = args.includes('--surge') ? reloads : 0;

  test.for(RELOADS === undefined ? loads : LOADS)(
    `${reloads} reloads go unnoticed under $name`,
    { timeout },
    async (kind) => {
      const release = await Release.create(await fixture('load-server.cjs'));
      const ledger = await Ledger.create();
      const front = await startFront({ script: release.script, args, env: { LEDGER: ledger.path } });
      const load = startLoad(kind, front.port);
      await reloadTimes(reloads, { front, release, load });

      const tally = await load.stop();
      const exit = await front.stop();
      // The first of two workers; the second ends the reload.
      expect(front.entries.filter(({ event }) => event === 'reload.batch')).toHaveLength(batches);
      expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
      expect([...tally.versions]).toEqual(versionsAfter(reloads));
      if (kind.connection === 'kept') expect(tally.connections).toBe(kind.lanes);
      expect(await ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
      expect(exit).toEqual({ code: 0, signal: null });
    },
  );
});
