import type { Account } from './account.js';
import type { Entry } from './access-entry.js';
import type { End } from './end.js';
import { RequestLine } from './request-line.js';

/** How many there is room for: the lines of so many are put together in some 100 µs. */
const MOST = 256;
/** Of all their request lines, in bytes. */
const LINES_SIZE = 32 * 1024;
/** So many numbers belong to each. */
const WIDTH = 10;

/**
 * What is to be written of requests, noted in as little memory as will do. Putting a line together takes a third of the time
 * when many come in a row: between two requests, all of a proxy's other work drives its code out of the processor's caches.
 */
export class Notes {
  readonly #numbers = new Float64Array(MOST * WIDTH);
  readonly #clients: Buffer[] = [];
  readonly #ends: End[] = [];
  readonly #lines = Buffer.allocUnsafeSlow(LINES_SIZE);
  #linesEnd = 0;
  #length = 0;
  readonly #entry = new NotedEntry();

  /** Notes a request that took so many milliseconds; false when there is no room. */
  take(account: Account, end: End, ms: number): boolean {
    const { line } = account;
    if (this.#length === MOST || this.#linesEnd + line.length > LINES_SIZE) return false;
    const numbers = this.#numbers;
    const at = this.#length * WIDTH;
    numbers[at] = account.beganAt;
    numbers[at + 1] = ms;
    numbers[at + 2] = account.firstByteMs;
    numbers[at + 3] = account.heldMs;
    numbers[at + 4] = account.bytes;
    numbers[at + 5] = account.status;
    numbers[at + 6] = account.slot;
    numbers[at + 7] = account.generation;
    numbers[at + 8] = account.attempts;
    numbers[at + 9] = line.length;
    this.#clients[this.#length] = account.client;
    this.#ends[this.#length++] = end;
    this.#linesEnd = line.copyTo(this.#lines, this.#linesEnd);
    return true;
  }

  /** Reads them out in their order, and forgets them. */
  empty(read: (entry: Entry, end: End, ms: number) => void): void {
    const entry = this.#entry;
    const numbers = this.#numbers;
    let lineAt = 0;
    for (let index = 0; index < this.#length; index++) {
      const at = index * WIDTH;
      entry.beganAt = numbers[at]!;
      entry.firstByteMs = numbers[at + 2]!;
      entry.heldMs = numbers[at + 3]!;
      entry.bytes = numbers[at + 4]!;
      entry.status = numbers[at + 5]! | 0;
      entry.slot = numbers[at + 6]! | 0;
      entry.generation = numbers[at + 7]! | 0;
      entry.attempts = numbers[at + 8]! | 0;
      entry.client = this.#clients[index]!;
      entry.line.keep(this.#lines, lineAt, (lineAt += numbers[at + 9]!));
      read(entry, this.#ends[index]!, numbers[at + 1]!);
    }
    this.#length = 0;
    this.#linesEnd = 0;
  }
}

/** The one that is being read out. */
class NotedEntry implements Entry {
  client: Buffer = Buffer.alloc(0);
  readonly line = new RequestLine();
  beganAt = 0;
  firstByteMs = 0;
  heldMs = 0;
  bytes = 0;
  status = 0;
  slot = 0;
  generation = 0;
  attempts = 0;
}
