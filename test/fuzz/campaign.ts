import { Random, SEED } from '../kit/random.js';
import { minimal } from './minimal.js';
import { mutate } from './mutation.js';

/** How many mutations are tried: a few thousand, or `ZDLB_TEST_MUTATIONS`. */
export const MUTATIONS = Number(process.env['ZDLB_TEST_MUTATIONS'] ?? 4_000);

/** So many are read by Node at a time. */
const BATCH = 100;

/** What is tried, and what must not be found. */
export interface Target {
  /** Whole texts that the mutations begin with. */
  readonly corpus: readonly string[];
  sample(random: Random): string;
  /** For each text, in what it is read differently; undefined for none. */
  differences(texts: readonly string[], random: Random): Promise<readonly (string | undefined)[]>;
}

/** Tries `count` texts; resolves with what was found, in the shortest form, or with ''. */
export async function campaign(target: Target, count: number): Promise<string> {
  if (process.env['ZDLB_TEST_MUTATIONS'] !== undefined) console.log(`${count} texts, ZDLB_TEST_SEED=${SEED}`);
  const random = new Random(SEED);
  for (let done = 0; done < count; done += BATCH) {
    const texts = Array.from({ length: Math.min(BATCH, count - done) }, () => draw(target, random));
    const found = await target.differences(texts, random);
    const index = found.findIndex((difference) => difference !== undefined);
    if (index !== -1) return report(target, texts[index]!, found[index]!);
  }
  return '';
}

function draw(target: Target, random: Random): string {
  const text = random.below(3) === 0 ? random.pick(target.corpus) : target.sample(random);
  return random.below(5) === 0 ? text : mutate(text, random);
}

async function report(target: Target, text: string, difference: string): Promise<string> {
  const check = async (one: string) => (await target.differences([one], new Random(SEED)))[0];
  const shortest = await minimal(text, async (one) => (await check(one)) !== undefined);
  return [
    (await check(shortest)) ?? difference,
    `  of ${JSON.stringify(shortest)}`,
    `  found in ${JSON.stringify(text)}: ${difference}`,
    `  ZDLB_TEST_SEED=${SEED}`,
  ].join('\n');
}
