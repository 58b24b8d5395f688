import { CR, LF } from '../http/characters.js';
import type { RequestHead } from '../http/request-head.js';

/** ` HTTP/1.1`, behind the target. */
export const VERSION_LENGTH = 9;
/** How much of what may be no line at all is told. */
const MAX_LINE = 512;
/** What most lines fit into. */
const SOME_BYTES = 256;
const NONE = Buffer.alloc(0);

/**
 * The first line of a request, without its end; empty where nobody asks for it. Its bytes are copied, since what they were read
 * into is used again: into the same place for request after request, where a string would be a new one each time.
 */
export class RequestLine {
  bytes: Buffer = NONE;
  length = 0;

  /** A client that waits for long must not hold on to a long one. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > SOME_BYTES) this.bytes = NONE;
  }

  /** The line bytes[start, end). */
  keep(bytes: Buffer, start: number, end: number): void {
    this.#makeRoom(end - start);
    this.length = copy(bytes, start, end, this.bytes, 0);
  }

  /** Where it ends there. */
  copyTo(bytes: Buffer, start: number): number {
    return copy(this.bytes, 0, this.length, bytes, start);
  }

  /** The line of a request whose head was read from `bytes`. */
  keepOf({ methodStart, targetEnd }: RequestHead, bytes: Buffer): void {
    this.keep(bytes, methodStart, targetEnd + VERSION_LENGTH);
  }

  /** The first line of bytes[0, end) that is not empty, whatever it is; cut where it is too long to be told. */
  keepAny(bytes: Buffer, end = bytes.length): void {
    let start = 0;
    while (start < end && (bytes[start] === CR || bytes[start] === LF)) start++;
    const last = Math.min(end, start + MAX_LINE);
    let at = start;
    while (at < last && bytes[at] !== CR && bytes[at] !== LF) at++;
    this.keep(bytes, start, at);
  }

  /** A line that somebody else has read. */
  keepText(text: string): void {
    this.#makeRoom(text.length);
    this.length = this.bytes.write(text, 'latin1');
  }

  /** Whether `part` is what stands there. */
  has(part: Buffer, start: number): boolean {
    if (start < 0 || start + part.length > this.length) return false;
    for (let at = 0; at < part.length; at++) if (this.bytes[start + at] !== part[at]) return false;
    return true;
  }

  /** Where the first space is; -1: there is none. */
  get methodEnd(): number {
    const at = this.bytes.indexOf(0x20);
    return at < this.length ? at : -1;
  }

  #makeRoom(length: number): void {
    if (this.bytes.length < length) this.bytes = Buffer.allocUnsafeSlow(Math.max(length, SOME_BYTES));
  }
}

/** A loop: for some ten bytes it took 20 ns, where `set` took 25 and wants a view of the part besides. */
function copy(from: Buffer, start: number, end: number, to: Buffer, toStart: number): number {
  let at = toStart;
  for (let fromAt = start; fromAt < end; fromAt++) to[at++] = from[fromAt]!;
  return at;
}
