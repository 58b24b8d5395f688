import { Census } from './census.js';
import type { Latencies } from './core/histogram.js';
import type { Journal } from './core/journal.js';
import { LoopDelay } from './loop-delay.js';
import { Book, type Totals } from './proxy/book.js';

/** What `zdlb status` tells of the work that a front has had. */
export interface LedgerStatus {
  /** Requests; connections in tcp mode and under `--backend cluster`. */
  readonly requests: Totals;
  /** How long requests took in http mode, from the head to the end of the answer. */
  readonly latency: Latencies;
  /** The longest that the front's event loop was late within the last second. */
  readonly frontLoopDelayMs: number;
}

/** Of how many generations that have no process left the books are kept. */
const PAST_GENERATIONS = 3;

/** All that a front counts: in its books, and on its own clock. */
export class Ledger {
  /** Http mode. */
  readonly requests = new Book();
  /** Tcp mode, and `--backend cluster`. */
  readonly connections = new Book();
  readonly census = new Census();
  readonly #loopDelay = new LoopDelay();

  get status(): LedgerStatus {
    const { requests, connections } = this;
    const sum = (key: keyof Totals) => requests[key] + connections[key];
    const { boundsMs, counts, sumMs } = requests.latency;
    return {
      requests: { total: sum('total'), failed: sum('failed'), retried: sum('retried'), held: sum('held') },
      latency: { boundsMs, counts, sumMs: Math.round(sumMs) },
      frontLoopDelayMs: this.#loopDelay.worstMs,
    };
  }

  /** Counts what is written to `journal` through the one that is returned. */
  readOff(journal: Journal): Journal {
    return this.census.readOff(journal);
  }

  /** From this tick on, so many of the requests that end well are written down. */
  configure({ accessLogSample }: { readonly accessLogSample: number }): void {
    if (this.requests.log !== undefined) this.requests.log.share = accessLogSample;
  }

  /** Forgets the generations that have no process left, but for the last. */
  retain(workers: readonly { readonly generation: number }[]): void {
    const live = new Set(workers.map(({ generation }) => generation));
    for (const book of [this.requests, this.connections]) book.retain(live, PAST_GENERATIONS);
  }

  close(): void {
    this.#loopDelay.close();
  }
}
