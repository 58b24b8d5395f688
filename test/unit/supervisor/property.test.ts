import { afterEach, expect, test, vi } from 'vitest';
import { Campaign } from '../../fixtures/supervisor/campaign/campaign.ts';
import { CASES } from '../../fixtures/supervisor/campaign/cases.ts';
import { plan, type Plan } from '../../fixtures/supervisor/campaign/event.ts';
import { Random, SEED } from '../../kit/random.ts';

vi.mock('node:timers/promises', async () => {
  const { Machine } = await import('../../fixtures/supervisor/campaign/machine.ts');
  type Options = { readonly signal?: AbortSignal } | undefined;
  return { setTimeout: (ms: number, _: unknown, options: Options) => Machine.current.clock.delay(ms, options?.signal) };
});
vi.mock('../../../src/supervisor/launch.js', async () => {
  const { Machine } = await import('../../fixtures/supervisor/campaign/machine.ts');
  return { resolveLaunch: (config: never) => Machine.current.resolveLaunch(config) };
});
vi.mock('../../../src/supervisor/process-group.js', async () => {
  const { Machine } = await import('../../fixtures/supervisor/campaign/machine.ts');
  return {
    signalGroup: (leader: number, signal: NodeJS.Signals) => Machine.current.processOf(leader)?.receive(signal),
    endGroup: () => Promise.resolve(),
  };
});
vi.mock('../../../src/supervisor/warden.js', async () => {
  const { Machine } = await import('../../fixtures/supervisor/campaign/machine.ts');
  class Warden {
    readonly add = (group: number) => Machine.current.watched.add(group);
    readonly remove = (group: number) => Machine.current.watched.delete(group);
    readonly close = () => Promise.resolve();
  }
  return { Warden };
});

const CAMPAIGNS = Number(process.env['ZDLB_TEST_CAMPAIGNS'] ?? 50);
const STEPS = 200;

afterEach(() => vi.restoreAllMocks());

/** Ages differ by chance; here by the campaign's. */
function run(seed: number, campaign: Plan): Promise<string | undefined> {
  const random = new Random(seed);
  vi.spyOn(Math, 'random').mockImplementation(() => random.next());
  return Campaign.run(campaign);
}

/** The same campaign without the steps that it fails without. */
async function shrink(seed: number, failing: Plan): Promise<Plan> {
  let least = failing;
  for (let size = failing.steps.length >> 1; size >= 1; size = size >> 1) {
    for (let at = 0; at < least.steps.length;) {
      const fewer = { ...least, steps: least.steps.filter((_, index) => index < at || index >= at + size) };
      if ((await run(seed, fewer)) === undefined) at += size;
      else least = fewer;
    }
  }
  return least;
}

test.each(CASES)('%s', async (_, campaign) => {
  expect(await run(1, campaign)).toBeUndefined();
});

test(
  `the invariants of the design hold after each of ${STEPS} random events, in ${CAMPAIGNS} campaigns`,
  { timeout: 30_000 + CAMPAIGNS * 500 },
  async () => {
    for (let seed = SEED; seed < SEED + CAMPAIGNS; seed++) {
      const campaign = plan(new Random(seed), STEPS);
      if ((await run(seed, campaign)) === undefined) continue;
      const least = await shrink(seed, campaign);
      const steps = least.steps.map((step) => JSON.stringify(step)).join('\n');
      const { input, first } = least;
      const complaint = await run(seed, least);
      expect.fail(`ZDLB_TEST_SEED=${seed}: ${complaint}\n${JSON.stringify(input)}\n${JSON.stringify(first)}\n${steps}`);
    }
  },
);
