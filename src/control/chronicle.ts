/** How many of the last entries are kept for whoever asks later. */
const KEPT = 1_000;
/** And how many characters of them at the most. */
const MAX_CHARACTERS = 1024 * 1024;

type Reader = (line: string) => void;

/** The last entries of the log, and who reads on. */
export class Chronicle {
  readonly #lines: string[] = [];
  readonly #readers = new Set<Reader>();
  #characters = 0;

  /** What has been logged last, the oldest first: a line of JSON each, with its line feed. */
  get last(): readonly string[] {
    return this.#lines;
  }

  write(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
    while (this.#lines.length > KEPT || this.#characters > MAX_CHARACTERS)
      this.#characters -= this.#lines.shift()!.length;
    for (const read of this.#readers) read(line);
  }

  /** Calls `read` with each entry to come, until what is returned is called. */
  follow(read: Reader): () => void {
    this.#readers.add(read);
    return () => void this.#readers.delete(read);
  }
}
