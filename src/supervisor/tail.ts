const MAX_LINES = 20;
const MAX_LENGTH = 8 * 1024;

/** What Node and most runtimes print at the head of an uncaught error: `TypeError: x is not a function`. */
const HEADLINE = /^(?:Uncaught )?\[?(?:[A-Z]\w*)?(?:Error|Exception|Rejection)\b/;
/** Lines below an error that say nothing of its cause: stack frames, properties, carets, Node's version. */
const DETAIL = /^(?:\s|[}\]^]|Node\.js v|$)/;

/** The last lines of a standard error, bounded, and the one line among them that says what went wrong. */
export class Tail {
  readonly #lines: string[] = [];
  #length = 0;
  #headline: string | undefined;
  #lastPlain: string | undefined;
  #plainSince = 0;

  push(line: string): void {
    this.#judge(line);
    this.#lines.push(line);
    this.#length += line.length;
    while (this.#lines.length > MAX_LINES || (this.#length > MAX_LENGTH && this.#lines.length > 1)) {
      this.#length -= this.#lines.shift()!.length;
    }
  }

  #judge(line: string): void {
    if (HEADLINE.test(line)) {
      this.#headline = line;
      this.#plainSince = 0;
    } else if (!DETAIL.test(line)) {
      this.#lastPlain = line;
      this.#plainSince++;
    }
  }

  get lines(): readonly string[] {
    return [...this.#lines];
  }

  /** The head of the last error, kept even when its stack is longer than the tail; else the last line with something to say. */
  get gist(): string | undefined {
    const headline = this.#plainSince < MAX_LINES ? this.#headline : undefined; // else an error that was survived
    return (headline ?? this.#lastPlain)?.slice(0, MAX_LENGTH);
  }
}
