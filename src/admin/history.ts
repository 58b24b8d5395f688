import { percentile } from './percentile.js';
import type { Requests, Status } from './view/status.js';

const INTERVAL_MS = 1_000;
/** Five minutes. */
const KEPT = 300;
/** Over so many seconds percentiles are taken: of what few requests one second has, the slowest tenth would be noise. */
const SPAN = 5;

/** How a second went. */
export interface Point {
  /** When it ended, in milliseconds since 1970. */
  readonly time: number;
  /** Requests (http) and connections (tcp) that ended; null where nobody counts them. */
  readonly requests: number | null;
  readonly errors: number | null;
  /** In milliseconds, over the last five seconds; null without requests. */
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
}

/** The last five minutes in seconds, so that whoever opens the page sees what was. */
export class History {
  readonly #status: () => Status;
  readonly #points: Point[] = [];
  /** What was counted before, the latest last. */
  #before: readonly Count[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(status: () => Status) {
    this.#status = status;
  }

  /** Takes a point a second from now on. */
  begin(): void {
    this.#note();
    this.#timer = setInterval(() => this.#note(), INTERVAL_MS).unref();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** @param time milliseconds since 1970; the points after it, all of them for 0 */
  since(time: number): readonly Point[] {
    return this.#points.filter((point) => point.time > time);
  }

  #note(): void {
    const count = countOf(this.#status());
    const last = this.#before.at(-1);
    if (last !== undefined) this.#points.push(pointOf(count, last, this.#before[0]!));
    if (this.#points.length > KEPT) this.#points.shift();
    this.#before = [...this.#before, count].slice(-SPAN);
  }
}

/** What had been counted at a moment. */
interface Count {
  readonly at: number;
  readonly requests: Requests | undefined;
  readonly boundsMs: readonly number[];
  readonly counts: readonly number[];
}

/** A copy: the front goes on counting in what it shows. */
function countOf({ requests, latency }: Status): Count {
  const { boundsMs = [], counts = [] } = latency ?? {};
  return { at: performance.now(), requests: requests && { ...requests }, boundsMs, counts: [...counts] };
}

/** @param first from when on latencies are looked at */
function pointOf(count: Count, last: Count, first: Count): Point {
  const seconds = (count.at - last.at) / 1_000;
  const rate = (key: 'total' | 'failed') =>
    count.requests && last.requests ? (count.requests[key] - last.requests[key]) / seconds : null;
  const recent = count.counts.map((number, index) => number - (first.counts[index] ?? 0));
  const quantile = (share: number) => percentile(count.boundsMs, recent, share);
  return {
    time: Date.now(),
    requests: rate('total'),
    errors: rate('failed'),
    p50: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
  };
}
