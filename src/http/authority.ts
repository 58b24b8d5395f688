import { COLON, HEX_DIGIT, REG_NAME, isDigit } from './characters.js';

const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const DOT = 0x2e;

/** Whether bytes[start, end) are uri-host [ ":" port ] (RFC 9110 7.2): not empty, no user information, no path, no list. */
export function isAuthority(bytes: Uint8Array, start: number, end: number): boolean {
  const hostEnd = bytes[start] === OPENING_BRACKET ? endOfLiteral(bytes, start, end) : endOfName(bytes, start, end);
  return hostEnd > start && isPort(bytes, hostEnd, end);
}

function endOfName(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && REG_NAME[bytes[at]!] === 1) at++;
  return at;
}

/** The position behind `[…]`, or -1 when it holds anything but an IPv6 address's characters. */
function endOfLiteral(bytes: Uint8Array, start: number, end: number): number {
  let at = start + 1;
  while (at < end && (HEX_DIGIT[bytes[at]!] !== 255 || bytes[at] === COLON || bytes[at] === DOT)) at++;
  return at < end && bytes[at] === CLOSING_BRACKET && at > start + 2 ? at + 1 : -1;
}

function isPort(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true;
  if (bytes[start] !== COLON) return false;
  for (let at = start + 1; at < end; at++) if (!isDigit(bytes[at])) return false;
  return true;
}
