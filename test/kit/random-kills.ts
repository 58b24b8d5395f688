import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Front } from './front.ts';
import { processTable } from './process-table.ts';
import type { Random } from './random.ts';

const SHORTEST_MS = 100;
const LONGEST_MS = 700;

/** Kills any of a front's workers (SIGKILL), in whatever state it is, at random times; until it is stopped. */
export class RandomKills {
  /** Who was killed. */
  readonly pids = new Set<number>();
  readonly #front: Front;
  readonly #random: Random;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(front: Front, random: Random) {
    this.#front = front;
    this.#random = random;
    this.#done = this.#run().catch(() => {}); // stopped
    onTestFinished(() => this.stop());
  }

  /** Resolves when nobody else is killed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    for (;;) {
      const ms = SHORTEST_MS + this.#random.below(LONGEST_MS - SHORTEST_MS);
      await pause(ms, undefined, { signal: this.#stop.signal });
      this.kill();
    }
  }

  /** Kills one now. */
  kill(): void {
    // The log lags behind, and a number may have been given to somebody else.
    const children = processTable().filter(({ parent, isZombie }) => parent === this.#front.pid && !isZombie);
    const workers = children.map(({ pid }) => pid).filter((pid) => this.#front.runningWorkers.includes(pid));
    if (workers.length === 0) return;
    const victim = this.#random.pick(workers);
    this.pids.add(victim);
    try {
      process.kill(victim, 'SIGKILL');
    } catch {
      this.pids.delete(victim); // it was on its way out, and quicker
    }
  }
}
