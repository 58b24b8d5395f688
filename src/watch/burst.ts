/** An editor's save, a checkout or a build is over when nothing has come for this long, in milliseconds. */
const QUIET_MS = 100;
/** What goes on and on is acted upon after this long, in milliseconds. */
const LONGEST_MS = 2_000;

/** Many events that are one for whoever waits for their end: 100 ms without another, at most 2 s after the first. */
export class Burst {
  readonly #over: () => void;
  #quiet: NodeJS.Timeout | undefined;
  #longest: NodeJS.Timeout | undefined;

  /** @param over called at the end of each burst */
  constructor(over: () => void) {
    this.#over = over;
  }

  /** One more event. */
  stir(): void {
    this.#longest ??= setTimeout(() => this.#end(), LONGEST_MS);
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#end(), QUIET_MS);
  }

  /** Forgets the burst that is under way. */
  close(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#longest);
    this.#longest = undefined;
  }

  #end(): void {
    this.close();
    this.#over();
  }
}
