import { expect, test } from 'vitest';
import { startFront } from '../kit/front.ts';
import { EXACTLY_ONCE, Ledger } from '../kit/ledger.ts';
import { startLoad } from '../kit/load.ts';
import { FULL_SPEED } from '../kit/loads.ts';
import { memoryOf, openFilesLimit } from '../kit/memory.ts';
import { fixture, Release } from '../kit/release.ts';
import { SlowClients } from '../kit/slow-clients.ts';

const SLOW = Number(process.env['ZDLB_TEST_SLOW_CLIENTS'] ?? 300);
const IS_MATRIX = process.env['ZDLB_TEST_SLOW_CLIENTS'] !== undefined;
/** The usual time for a head, 10 s, is longer than a test should take that is run with all others. */
const ARGS = IS_MATRIX ? [] : ['--header-timeout', '2s'];
const FAST = Math.max(10, SLOW / 100);
/** How many requests of the fast ones are served at the least while all slow ones are there. */
const SERVED = 1_000;
/** One for each slow client, and room for the fast ones and everything else. */
const OPEN_FILES = SLOW + 500;
const TIMEOUT_MS = 60_000;
const MIB = 1024 * 1024;
/** What the fast ones may cost, and what each slow one. */
const MOST_MEMORY = 64 * MIB + SLOW * 8 * 1024;

test(
  `${SLOW} clients that send a head byte by byte don't keep ${FAST} fast ones from being served`,
  {
    timeout: TIMEOUT_MS,
  },
  async ({ skip }) => {
    const limit = openFilesLimit();
    skip(limit < OPEN_FILES, `a process needs ${OPEN_FILES} open files and may have ${limit}: raise ulimit -n`);
    const release = await Release.create(await fixture('load-server.cjs'));
    const ledger = await Ledger.create();
    const front = await startFront({ script: release.script, args: ARGS, env: { LEDGER: ledger.path } });
    const { now: before } = memoryOf(front.pid);
    const slow = await SlowClients.connect(front.port, SLOW);
    const load = startLoad({ ...FULL_SPEED, lanes: FAST }, front.port);
    await load.tally.served(SERVED);
    expect(await slow.ended).toEqual({ '408 fin': SLOW });
    const tally = await load.stop();
    const { peak } = memoryOf(front.pid);
    if (IS_MATRIX)
      console.info(`${SLOW} slow: ${inMib(before)} to ${inMib(peak)}; fast: ${JSON.stringify(tally.outcomes)}`);
    await slow.leave();
    await front.stop();
    expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
    expect(tally.connections).toBe(FAST);
    expect(await ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
    expect(peak - before).toBeLessThan(MOST_MEMORY);
  },
);

const inMib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
