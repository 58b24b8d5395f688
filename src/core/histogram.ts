/** The bounds of the classes into which latencies are sorted, in milliseconds; what is longer belongs to one class more. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
];

/** How long things took, counted by class: plain numbers, so that counting costs next to nothing. */
export interface Latencies {
  readonly boundsMs: readonly number[];
  /** How many took up to each bound and longer than the one before; the last: longer than all. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

/** Counts latencies since the start. */
export class Histogram implements Latencies {
  readonly boundsMs: readonly number[];
  readonly counts: number[];
  sumMs = 0;

  /** @param boundsMs in rising order */
  constructor(boundsMs = LATENCY_BOUNDS_MS) {
    this.boundsMs = boundsMs;
    this.counts = Array.from({ length: boundsMs.length + 1 }, () => 0);
  }

  observe(ms: number): void {
    const { boundsMs } = this;
    let at = 0;
    // Most are short, so most stop at one of the first.
    while (at < boundsMs.length && ms > boundsMs[at]!) at++;
    this.counts[at]!++;
    this.sumMs += ms;
  }
}
