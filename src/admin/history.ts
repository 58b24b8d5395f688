import { percentile } from './percentile.js';
import type { Status } from './view/status.js';

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
  #before: readonly Status[] = [];
  #at = 0;
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
    const status = this.#status();
    const at = performance.now();
    const last = this.#before.at(-1);
    if (last !== undefined) this.#points.push(this.#point(status, last, (at - this.#at) / 1_000));
    if (this.#points.length > KEPT) this.#points.shift();
    this.#before = [...this.#before, status].slice(-SPAN);
    this.#at = at;
  }

  #point(status: Status, last: Status, seconds: number): Point {
    const rate = (key: 'total' | 'failed') =>
      status.requests === undefined || last.requests === undefined
        ? null
        : (status.requests[key] - last.requests[key]) / seconds;
    const { boundsMs = [], counts = [] } = status.latency ?? {};
    const former = this.#before[0]?.latency?.counts;
    const counted = counts.map((count, index) => count - (former?.[index] ?? 0));
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => percentile(boundsMs, counted, share)) as [null, null, null];
    return { time: Date.now(), requests: rate('total'), errors: rate('failed'), p50, p90, p99 };
  }
}
