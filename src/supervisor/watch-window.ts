import type { Config } from '../core/config.js';
import type { Tally } from './data-path.js';
import { Deferred } from '../core/deferred.js';

/** How often the answers are looked at, in milliseconds. */
const LOOK_MS = 100;

/** What a window ends with: nothing to complain of, or the reason to go back. */
export type Verdict =
  { readonly isTakenBack: false } | { readonly isTakenBack: true; readonly reason: string | Promise<string> };

/**
 * The time after a swap in which the former generation stays warm, and the new one is compared with it: it is taken back when
 * it crashes, or answers 5xx more often than the former did, by `watchMargin` of a hundred answers and at least
 * `watchErrors` times.
 */
export class WatchWindow {
  readonly #verdict = new Deferred<Verdict>();
  readonly #timers: readonly NodeJS.Timeout[];

  /**
   * @param former what the former generation had answered when it was relieved
   * @param tally what the new one has answered so far
   */
  constructor(config: Config, former: Tally, tally: () => Tally) {
    const look = (): void => {
      const reason = complaint(tally(), former, config);
      if (reason !== undefined) this.takeBack(reason);
    };
    this.#timers = [setInterval(look, LOOK_MS), setTimeout(() => this.end(), config.watchWindow)];
  }

  /** Resolves when it has ended. */
  get verdict(): Promise<Verdict> {
    return this.#verdict.promise;
  }

  /** Ends it now: the new generation stays. */
  end(): void {
    this.#close({ isTakenBack: false });
  }

  /** Ends it now: the former generation comes back. */
  takeBack(reason: string | Promise<string>): void {
    this.#close({ isTakenBack: true, reason });
  }

  #close(verdict: Verdict): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#verdict.resolve(verdict);
  }
}

/** What is to be said against a generation, beside the one before it; undefined while nothing is. */
export function complaint(
  present: Tally,
  former: Tally,
  { watchMargin, watchErrors }: Pick<Config, 'watchMargin' | 'watchErrors'>,
): string | undefined {
  if (present.errors < watchErrors || percentage(present) <= percentage(former) + watchMargin) return undefined;
  return `${inWords(present)} of its answers were 5xx; of the former generation's it were ${inWords(former)}`;
}

function percentage({ answers, errors }: Tally): number {
  return answers === 0 ? 0 : (100 * errors) / answers;
}

function inWords(tally: Tally): string {
  return `${Math.round(percentage(tally) * 10) / 10}% (${tally.errors} of ${tally.answers})`;
}
