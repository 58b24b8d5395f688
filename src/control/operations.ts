/** What an operator may ask of a running front; whatever is thrown is told to him. */
export interface Operations {
  /** As `zdlb status --json` shows it. */
  status(): object;
  /** The same as numbers over time, in the text format of Prometheus. */
  metrics(): Promise<string>;
  /** Resolves when the new code has taken over; a reload that is under way is waited for. */
  reload(wait: 'swapped' | 'retired'): Promise<object>;
  /** @param change `4`, `+1` or `-1`; resolves with the number of workers that is wanted now */
  scale(change: string): Promise<object>;
  /**
   * Resolves when nothing is in flight any more.
   *
   * @param timeout `60s`, say
   * @param asker aborted when whoever asked has gone: if he has had no answer by then, nothing stays held for him
   */
  pause(timeout: string | undefined, asker: AbortSignal): Promise<object>;
  /** @param spread `2s`, say; resolves when all that waited are let go */
  resume(spread: string | undefined): Promise<object>;
  /** Resolves with the generation that serves again. */
  rollback(): Promise<object>;
  /** Begins to stop, or, for the second time, stops at once. */
  stop(): object;
}
