import { StringDecoder } from 'node:string_decoder';

/** Cuts a stream of UTF-8 bytes into lines of at most `limit` UTF-16 units; longer ones come in pieces. */
export class Lines {
  readonly #limit: number;
  readonly #each: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #partial = '';

  constructor(limit: number, each: (line: string) => void) {
    this.#limit = limit;
    this.#each = each;
  }

  write(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  /** Gives out a last line that has no line end. */
  end(): void {
    this.#take(this.#decoder.end());
    const rest = this.#partial;
    this.#partial = '';
    if (rest !== '') this.#whole(rest);
  }

  #take(text: string): void {
    const all = this.#partial + text;
    let from = 0;
    for (let end = all.indexOf('\n'); end !== -1; end = all.indexOf('\n', from)) {
      this.#whole(all.slice(from, end));
      from = end + 1;
    }
    this.#partial = this.#cut(all.slice(from));
  }

  #whole(line: string): void {
    this.#each(this.#cut(line).replace(/\r$/, ''));
  }

  /** Gives out full pieces of what is longer than the limit, and returns the rest. */
  #cut(text: string): string {
    let rest = text;
    while (rest.length > this.#limit) {
      const end = isHighSurrogate(rest.charCodeAt(this.#limit - 1)) ? this.#limit - 1 : this.#limit;
      this.#each(rest.slice(0, end));
      rest = rest.slice(end);
    }
    return rest;
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
