/** What clients were answered with one worker's help. */
export class Tally {
  /** Requests that it was given, or connections in tcp mode. */
  requests = 0;
  answers = 0;
  /** Those with 5xx. */
  errors = 0;

  /** Counts a final answer: the worker's own, or the front's that stands for one that it owed. */
  count(status: number): void {
    this.answers++;
    if (status >= 500) this.errors++;
  }
}
