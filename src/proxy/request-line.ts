import type { RequestHead } from '../http/request-head.js';
import { CR, LF } from '../http/characters.js';

/** ` HTTP/1.1`, behind the target. */
const VERSION_LENGTH = 9;
/** How much of what may be no line at all is told. */
const MAX_LINE = 512;

/** The first line of bytes[0, end) that is not empty, without its end, whatever it is; cut where it is too long to be told. */
export function requestLine(bytes: Buffer, end: number): string {
  let start = 0;
  while (start < end && (bytes[start] === CR || bytes[start] === LF)) start++;
  const last = Math.min(end, start + MAX_LINE);
  let at = start;
  while (at < last && bytes[at] !== CR && bytes[at] !== LF) at++;
  return bytes.toString('latin1', start, at);
}

/** The line of a request whose head was read from `bytes`. */
export function lineOf({ methodStart, targetEnd }: RequestHead, bytes: Buffer): string {
  return bytes.toString('latin1', methodStart, targetEnd + VERSION_LENGTH);
}
