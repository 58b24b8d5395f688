import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How often Node looks how late it is (ms): a delay shorter than this may be missed, one of twice that never is. */
const RESOLUTION_MS = 20;
const WINDOW_MS = 1_000;
const NS_PER_MS = 1e6;

/** How late the event loop of this process was at the worst, within the last second. */
export class LoopDelay {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  #worstMs = 0;

  constructor() {
    this.#histogram.enable();
    this.#timer = setInterval(() => this.#turn(), WINDOW_MS).unref();
  }

  get worstMs(): number {
    return this.#worstMs;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  /** What the histogram records is the time between two looks. */
  #turn(): void {
    this.#worstMs = Math.max(0, Math.round(this.#histogram.max / NS_PER_MS - RESOLUTION_MS));
    this.#histogram.reset();
  }
}
