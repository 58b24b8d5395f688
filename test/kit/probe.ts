import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Front } from './front.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/probe.cjs', import.meta.url));
const ANSWER = { timeout: 5_000, interval: 10 };

/** What a front holds, from inside. */
export interface Holdings {
  /** Bytes in use after a full garbage collection. */
  readonly heap: number;
  /** Timers, sockets and others that keep its event loop alive, by Node's names. */
  readonly resources: Readonly<Record<string, number>>;
}

/** Options of node for a front that {@link askHoldings} is to be asked of. */
export const PROBED: readonly string[] = ['--expose-gc', '--require', FIXTURE];

/** Asks a front what it holds. */
export async function askHoldings(front: Front): Promise<Holdings> {
  const told = front.stderr.length;
  front.signal('SIGWINCH');
  await expect.poll(() => front.stderr.indexOf('\n', told), ANSWER).not.toBe(-1);
  return JSON.parse(front.stderr.slice(told)) as Holdings;
}
