import { Shelf } from './shelf.js';

/** How many of the last entries are kept for whoever asks later. */
const KEPT = 1_000;
/** How many of those that are zdlb's own: workers that print a lot don't drive out when the last reload was. */
const KEPT_OWN = 500;

type Reader = (line: string) => void;

/** Whether an entry says what zdlb does: it is no line that a worker printed, and no request of a client's. */
export const isOwn = (line: string) => !line.includes('"event":"worker.output"') && !line.includes('"event":"access"');

/** The last entries of the log, and who reads on. */
export class Chronicle {
  readonly #all = new Shelf(KEPT);
  readonly #own = new Shelf(KEPT_OWN);
  readonly #readers = new Set<Reader>();

  /** What has been logged last, the oldest first: a line of JSON each, with its line feed. */
  get last(): readonly string[] {
    return this.#all.lines;
  }

  /** What zdlb itself has logged last. */
  get lastOwn(): readonly string[] {
    return this.#own.lines;
  }

  write(line: string): void {
    this.#all.put(line);
    if (isOwn(line)) this.#own.put(line);
    for (const read of this.#readers) read(line);
  }

  /** Calls `read` with each entry to come, until what is returned is called. */
  follow(read: Reader): () => void {
    this.#readers.add(read);
    return () => void this.#readers.delete(read);
  }
}
