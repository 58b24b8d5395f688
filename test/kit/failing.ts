import { expect } from 'vitest';
import { type Entry, type Front, startFront } from './front.ts';
import { EXACTLY_ONCE, Ledger } from './ledger.ts';
import { type RunningLoad, startLoad } from './load.ts';
import { LIGHT } from './loads.ts';
import { fixture, Release } from './release.ts';

export interface Scene {
  readonly front: Front;
  readonly load: RunningLoad;
  readonly ledger: Ledger;
  readonly release: Release;
}

/** A front that serves the failing program, or good code, from the first, under a load. */
export async function serve(
  program: string | undefined,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Scene> {
  const release = await Release.create(await fixture('load-server.cjs'));
  if (program !== undefined) await release.deployFixture(`failing/${program}.cjs`);
  const ledger = await Ledger.create();
  const front = await startFront({ script: release.script, args, env: { ...env, LEDGER: ledger.path } });
  const load = startLoad(LIGHT, front.port);
  await load.tally.answeredBy('version', program ?? 1);
  return { front, load, ledger, release };
}

/** The load has lost nothing, and kept its connections. */
export async function expectNothingLost({ front, load, ledger }: Scene): Promise<void> {
  const tally = await load.stop();
  await front.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(tally.connections).toBe(LIGHT.lanes);
  expect(await ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
}

/** Resolves when so many further requests have been answered. */
export const more = (load: RunningLoad, count: number) => load.tally.served((load.tally.outcomes.ok ?? 0) + count);

export const entriesOf = (front: Front, event: string): readonly Entry[] =>
  front.entries.filter((entry) => entry.event === event);

export const isIn =
  (slot: number) =>
  (entry: Entry): boolean =>
    entry['slot'] === slot;

/** The successor of every replaced worker was ready before its predecessor was told to go. */
export function expectSuccessorsFirst(front: Front): void {
  for (const { slot, pid } of entriesOf(front, 'worker.replaced')) {
    const at = (event: string, of: (entry: Entry) => boolean) =>
      front.entries.findIndex((entry) => entry.event === event && entry['slot'] === slot && of(entry));
    const ready = at('worker.ready', (entry) => entry['pid'] === pid);
    const predecessor = front.entries
      .slice(0, ready)
      .findLast((entry) => entry.event === 'worker.ready' && entry['slot'] === slot);
    const exited = at('worker.exited', (entry) => entry['pid'] === predecessor?.['pid']);
    expect(predecessor).toBeDefined();
    expect(exited === -1 || exited > ready).toBe(true);
  }
}
