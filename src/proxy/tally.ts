/** The front's own answers that stand for one that a worker owed: it was lost or sent nonsense (502), or was late (504). */
const IN_PLACE: ReadonlySet<number> = new Set([502, 504]);

/** What clients were answered with one worker's help. */
export class Tally {
  answers = 0;
  /** Those with 5xx. */
  errors = 0;

  /** Counts a worker's own final answer. */
  count(status: number): void {
    this.answers++;
    if (status >= 500) this.errors++;
  }

  /** Counts an answer of the front's own, if the worker is to blame for it. */
  countInPlace(status: number): void {
    if (IN_PLACE.has(status)) this.count(status);
  }
}
