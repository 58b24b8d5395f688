import { equalsIgnoringCase, isDigit } from './characters.js';
import { type Fields, Name } from './fields.js';

/** How the end of a body is found (RFC 9112 6.3). */
export const Framing = { none: 0, length: 1, chunked: 2, close: 3 } as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

/** More digits could pass 2^53; nobody sends 10^15 bytes in one message. */
const MAX_LENGTH_DIGITS = 15;
const CHUNKED = Buffer.from('chunked');
/** Transfer codings without parameters, each a token (RFC 9112 7), separated by commas. */
const CODINGS = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;
/** RFC 9112 6.1: chunked is the last coding, and applied once. */
const MISPLACED = /(?:^|[ \t,])chunked[ \t]*,/i;

/** What the framing fields of one head say, collected field by field. */
export class FramingFields {
  /** -1 without a Content-Length. */
  contentLength = -1;
  isChunked = false;

  reset(): void {
    this.contentLength = -1;
    this.isChunked = false;
  }

  /**
   * Takes a Content-Length (RFC 9112 6.3: digits only; a second one, even an equal one, is refused).
   *
   * @returns 0, or the status to refuse with
   */
  takeContentLength(fields: Fields, bytes: Uint8Array, index: number): number {
    const start = fields.valueStart[index]!;
    const end = fields.valueEnd[index]!;
    if (this.contentLength !== -1 || start === end) return 400;
    if (end - start > MAX_LENGTH_DIGITS) return 400;
    let length = 0;
    for (let at = start; at < end; at++) {
      if (!isDigit(bytes[at])) return 400;
      length = length * 10 + bytes[at]! - 0x30;
    }
    this.contentLength = length;
    return 0;
  }

  /**
   * Takes a Transfer-Encoding, which must be exactly one `chunked` (RFC 9112 6.1); an unknown coding is not implemented.
   *
   * @returns 0, or the status to refuse with
   */
  takeTransferEncoding(fields: Fields, bytes: Uint8Array, index: number): number {
    const start = fields.valueStart[index]!;
    const end = fields.valueEnd[index]!;
    if (this.isChunked) return 400;
    if (equalsIgnoringCase(bytes, start, end, CHUNKED)) {
      this.isChunked = true;
      return 0;
    }
    const codings = Buffer.from(bytes.subarray(start, end)).toString('latin1');
    return CODINGS.test(codings) && !MISPLACED.test(codings) ? 501 : 400;
  }

  /** Both at once are how requests are smuggled (RFC 9112 6.3, 11.2). */
  get isAmbiguous(): boolean {
    return this.isChunked && this.contentLength !== -1;
  }
}

/** Whether field `index` frames the message, so that it has no place where there is no body. */
export function isFramingField(fields: Fields, index: number): boolean {
  return fields.name[index] === Name.contentLength || fields.name[index] === Name.transferEncoding;
}
