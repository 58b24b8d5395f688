import { Histogram } from './core/histogram.js';
import type { Entry, Journal } from './core/journal.js';

/** How a worker ended: as asked; by SIGKILL, since it had not in time; by itself; or before it was ready. */
export type ExitReason = 'stopped' | 'killed' | 'crashed' | 'failed';

const RELOAD_BOUNDS_MS = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000];

/** What became of a front's workers, and how long its reloads took: counted by what is logged of them. */
export class Census {
  starts = 0;
  readonly exits = new Map<ExitReason, number>();
  /** Healthy workers that were replaced, by what was wrong with them. */
  readonly replacements = new Map<string, number>();
  readonly reloads = new Histogram(RELOAD_BOUNDS_MS);

  /** Counts what is written to `journal` through the one that is returned. */
  readOff(journal: Journal): Journal {
    return {
      debug: (entry, message) => this.#pass(journal, 'debug', entry, message),
      info: (entry, message) => this.#pass(journal, 'info', entry, message),
      warn: (entry, message) => this.#pass(journal, 'warn', entry, message),
      error: (entry, message) => this.#pass(journal, 'error', entry, message),
    };
  }

  #pass(journal: Journal, level: keyof Journal, entry: Entry, message: string): void {
    this.#count(entry, level);
    journal[level](entry, message);
  }

  #count(entry: Entry, level: keyof Journal): void {
    switch (entry.event) {
      case 'worker.started':
        this.starts++;
        break;
      case 'worker.exited':
        increment(this.exits, reasonOf(entry, level));
        break;
      case 'worker.replacing':
        increment(this.replacements, String(entry['reason']));
        break;
      case 'reload.done':
        this.reloads.observe(Number(entry['durationMs']));
        break;
      default:
    }
  }
}

/** An exit that nobody complains of is told as information. */
function reasonOf({ state, signal }: Entry, level: keyof Journal): ExitReason {
  if (level === 'info') return signal === 'SIGKILL' ? 'killed' : 'stopped';
  return state === 'starting' || state === 'stopping' ? 'failed' : 'crashed';
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
