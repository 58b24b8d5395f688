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
  readonly boundsMs = LATENCY_BOUNDS_MS;
  readonly counts: number[] = Array.from({ length: LATENCY_BOUNDS_MS.length + 1 }, () => 0);
  sumMs = 0;

  observe(ms: number): void {
    let at = 0;
    // Most are short, so most stop at one of the first.
    while (at < LATENCY_BOUNDS_MS.length && ms > LATENCY_BOUNDS_MS[at]!) at++;
    this.counts[at]!++;
    this.sumMs += ms;
  }
}
