import { setTimeout as pause } from 'node:timers/promises';
import type { Front } from './front.ts';

/** The load is: a worker dies every second. */
const EVERY_MS = 1_000;

export interface Kills {
  /** The pids of those killed. */
  readonly pids: ReadonlySet<string>;
  /** How many workers were ready, at the least, when one of them was killed. */
  readonly fewestReady: number;
}

/** Kills a ready worker at random (SIGKILL) every second; resolves once the last one has a successor. */
export async function killAtRandom(front: Front, times: number): Promise<Kills> {
  const pids = new Set<string>();
  let fewestReady = Infinity;
  for (let kill = 1; kill <= times; kill++) {
    await pause(EVERY_MS);
    const [slot, pid] = await anyReady(front);
    fewestReady = Math.min(fewestReady, front.readyWorkers.size);
    const since = front.mark();
    process.kill(pid, 'SIGKILL');
    pids.add(String(pid));
    if (kill === times) await front.event('worker.ready', (entry) => entry['slot'] === slot, since);
  }
  return { pids, fewestReady };
}

async function anyReady(front: Front): Promise<readonly [slot: number, pid: number]> {
  if (front.readyWorkers.size === 0) await front.event('worker.ready', undefined, front.mark());
  const ready = [...front.readyWorkers];
  return ready[Math.floor(Math.random() * ready.length)]!;
}
