const FIRST_DELAY_MS = 100;
const GROWTH = 1.5;
const LONGEST_DELAY_MS = 30_000;
const FORGIVEN_AFTER_MS = 60_000;

/**
 * How long a crashed worker's successor waits: not at all the first time, then 100 ms, growing by half with each crash up to
 * 30 s. A worker that served for 60 s has earned a clean slate.
 */
export class Backoff {
  #crashes = 0;

  /** Crashes since the clean slate. */
  get crashes(): number {
    return this.#crashes;
  }

  /** The delay in ms after the crash of a worker that had been ready for `servedMs`, 0 if it never was. */
  next(servedMs: number): number {
    if (servedMs >= FORGIVEN_AFTER_MS) this.#crashes = 0;
    const crashes = this.#crashes++;
    if (crashes === 0) return 0;
    return Math.min(LONGEST_DELAY_MS, Math.round(FIRST_DELAY_MS * GROWTH ** (crashes - 1)));
  }
}
