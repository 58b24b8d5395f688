import type { WriteStream } from 'node:tty';
import type { Instance } from '../control/instances.js';
import { formatDuration } from '../core/quantity.js';
import type { FrontStatus } from '../instance/desk.js';
import { LiveBlock } from './live-block.js';
import { type Palette, palette } from './palette.js';
import type { Progress } from './order.js';
import { statusOf } from './status.js';

/** How often one looks, in milliseconds: quick enough for the eye, and nothing beside what is waited for. */
const LOOK_MS = 100;

/**
 * Shows on a terminal how far a reload, or another order, is: the workers of each generation by their states. It asks for the status, and does not read the log: that may be set to say less (`--log-level`),
 * and never says at which worker one still waits.
 */
export class GenerationsView implements Progress {
  readonly #instance: Instance;
  readonly #block: LiveBlock;
  readonly #paint: Palette;
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;
  #isLooking = false;
  #isOver = false;

  constructor(instance: Instance, terminal: WriteStream) {
    this.#instance = instance;
    this.#block = new LiveBlock(terminal);
    this.#paint = palette();
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  end(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#block.erase();
  }

  /** The former workers. */
  async rest(): Promise<readonly string[]> {
    const status = await statusOf(this.#instance).catch(() => undefined);
    if (status === undefined) return []; // it has ended meanwhile
    const former = status.workers.filter(({ generation }) => generation < status.generation);
    return generationLines({ ...status, workers: former }, this.#paint);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const status = await statusOf(this.#instance);
      if (!this.#isOver) this.#block.draw(this.#lines(status));
    } catch {
      // That it has ended is told by whoever waits for it.
    } finally {
      this.#isLooking = false;
    }
  }

  #lines(status: FrontStatus): readonly string[] {
    const time = formatDuration(performance.now() - this.#began);
    return [`${this.#instance.name}: ${status.state}, ${time}`, ...generationLines(status, this.#paint)];
  }
}

/** A line for each generation, the newest first: `  generation 2: 1 ready, 3 starting`. */
export function generationLines({ workers, generation: serving }: FrontStatus, paint: Palette): readonly string[] {
  const numbers = [...new Set(workers.map(({ generation }) => generation))].toSorted((one, other) => other - one);
  return numbers.map((number) => {
    const states = countStates(workers.filter(({ generation }) => generation === number));
    const color = number > serving ? 'yellow' : number === serving ? 'green' : 'dim';
    return `  ${paint(color, `generation ${number}`)}${number === serving ? ' serves' : ''}: ${states}`;
  });
}

function countStates(workers: FrontStatus['workers']): string {
  const counts = new Map<string, number>();
  for (const { state } of workers) counts.set(state, (counts.get(state) ?? 0) + 1);
  const inFlight = workers.reduce((sum, worker) => sum + worker.inFlight, 0);
  if (inFlight > 0) counts.set('in flight', inFlight);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}
