import { AccessEntries } from './access-entry.js';
import type { Account } from './account.js';
import type { End } from './end.js';

/** So many characters leave together, or what has come within this time (ms). */
const BATCH = 64 * 1024;
const BATCH_MS = 200;

/** Takes whole lines, however many, without ever making anybody wait; false when it has no room for them. */
export type Take = (text: string, lines: number) => boolean;

/** Writes down what becomes of requests, one line of JSON each. */
export class AccessLog {
  /** How many of those that ended well are written: 1 is all. Those that did not always are. */
  share = 1;
  /** Entries that were written, and those that nobody had room for. */
  entries = 0;
  dropped = 0;
  readonly #written: AccessEntries;
  readonly #take: Take;
  #text = '';
  #lines = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param name of the instance, as in the other entries of the log */
  constructor(name: string, take: Take) {
    this.#written = new AccessEntries(name);
    this.#take = take;
  }

  write(account: Account, end: End, ms: number): void {
    const isGood = end === 'complete' && account.status < 500;
    if (isGood && this.share < 1 && Math.random() >= this.share) return;
    this.#text += this.#written.line(account, end, ms);
    this.#lines++;
    if (this.#text.length >= BATCH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), BATCH_MS).unref();
  }

  /** Lets go of what was gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines === 0) return;
    if (this.#take(this.#text, this.#lines)) this.entries += this.#lines;
    else this.dropped += this.#lines;
    this.#text = '';
    this.#lines = 0;
  }
}
