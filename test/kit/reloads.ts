import { expect } from 'vitest';
import type { Front } from './front.ts';
import type { RunningLoad } from './load.ts';
import type { Release } from './release.ts';

interface Scene {
  readonly front: Front;
  readonly release: Release;
  readonly load: RunningLoad;
}

/** The versions that have answered after so many reloads. */
export const versionsAfter = (reloads: number): string[] =>
  Array.from({ length: 1 + reloads }, (_, index) => String(index + 1));

/**
 * Deploys version after version, from 2 on, and reloads to each; the load has met each of them before the next comes.
 *
 * @param settled awaited behind each
 */
export async function reloadTimes(
  reloads: number,
  { front, release, load }: Scene,
  settled: (version: number) => Promise<unknown> = async () => {},
): Promise<void> {
  await load.tally.answeredBy('version', 1);
  for (let version = 2; version <= 1 + reloads; version++) {
    await release.deploy(version);
    expect(await front.reload()).toMatchObject({ event: 'reload.done', generation: version });
    await load.tally.answeredBy('version', version);
    await settled(version);
  }
}
