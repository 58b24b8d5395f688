/** How many characters of them are kept at the most. */
const MAX_CHARACTERS = 1024 * 1024;

/** The last lines of many. */
export class Shelf {
  readonly #bound: number;
  readonly #lines: string[] = [];
  #characters = 0;

  /** @param bound how many lines are kept at the most */
  constructor(bound: number) {
    this.#bound = bound;
  }

  /** The oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  put(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
    while (this.#lines.length > this.#bound || this.#characters > MAX_CHARACTERS)
      this.#characters -= this.#lines.shift()!.length;
  }
}
