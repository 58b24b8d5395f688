import { AsciiPage } from '../core/ascii-page.js';
import { AccessEntries, type Entry } from './access-entry.js';
import type { Account } from './account.js';
import type { End } from './end.js';
import { Notes } from './notes.js';

/** So many bytes leave together unless told otherwise, or what has come within this time (ms). */
const PAGE_SIZE = 64 * 1024;
const PAGE_MS = 200;

/** Takes a page of whole lines without ever making anybody wait, and gives one to go on with; undefined when it has no room for it. */
export type Take = (page: AsciiPage) => AsciiPage | undefined;

/** Writes down what becomes of requests, one line of JSON each. */
export class AccessLog {
  /** How many of those that ended well are written: 1 is all. Those that did not always are. */
  share = 1;
  /** Entries that were written, and those that nobody had room for. */
  entries = 0;
  dropped = 0;
  readonly #form: AccessEntries;
  readonly #take: Take;
  readonly #notes = new Notes();
  #page: AsciiPage;
  #lines = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What the time of day is ahead of the clock that durations are taken from (ms). Looked up now and then, since it may be set. */
  #ahead = 0;

  /**
   * @param name of the instance, as in the other entries of the log
   * @param size of a page, in bytes
   */
  constructor(name: string, take: Take, size = PAGE_SIZE) {
    this.#form = new AccessEntries(name);
    this.#take = take;
    this.#page = new AsciiPage(size);
  }

  write(account: Account, end: End, ms: number): void {
    const isGood = end === 'complete' && account.status < 500;
    if (isGood && this.share < 1 && Math.random() >= this.share) return;
    if (!this.#notes.take(account, end, ms)) {
      this.#writeNotes();
      // Its request line may be longer than all that is noted.
      if (!this.#notes.take(account, end, ms)) this.#write(account, end, ms);
    }
    this.#timer ??= setTimeout(() => this.flush(), PAGE_MS).unref();
  }

  /** Lets go of what was gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writeNotes();
    this.#turnPage();
  }

  /** Puts together the lines of what is noted. */
  #writeNotes(): void {
    this.#ahead = Date.now() - performance.now();
    this.#notes.empty(this.#write);
  }

  readonly #write = (entry: Entry, end: End, ms: number): void => {
    this.#makeRoom(this.#form.longest(entry));
    this.#form.write(this.#page, entry, end, Math.trunc(this.#ahead + entry.beganAt + ms), ms);
    this.#lines++;
  };

  #turnPage(): void {
    if (this.#lines === 0) return;
    const next = this.#take(this.#page);
    if (next === undefined) this.dropped += this.#lines;
    else this.entries += this.#lines;
    this.#page = next ?? this.#page;
    this.#page.length = 0;
    this.#lines = 0;
  }

  #makeRoom(size: number): void {
    if (this.#page.room >= size) return;
    this.#turnPage();
    if (this.#page.room < size) this.#page = new AsciiPage(size);
  }
}
