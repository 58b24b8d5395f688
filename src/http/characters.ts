/** Character classes of HTTP/1.1 as lookup tables: 1 for a byte that belongs to the class. */

export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const HTAB = 0x09;
export const COLON = 0x3a;

function table(includes: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (includes(byte) ? 1 : 0));
}

const among = (characters: string) => (byte: number) => characters.includes(String.fromCharCode(byte));
const alphanumeric = (byte: number) => /[A-Za-z0-9]/.test(String.fromCharCode(byte));

/** tchar, RFC 9110 5.6.2. */
export const TOKEN = table((byte) => alphanumeric(byte) || among("!#$%&'*+-.^_`|~")(byte));

/** field-vchar, SP and HTAB, RFC 9110 5.5; obs-text is opaque and passes. */
export const FIELD_VALUE = table((byte) => byte === HTAB || (byte >= SP && byte !== 0x7f));

/** What a request target may hold: visible ASCII, and no fragment (RFC 9112 3.2). */
export const TARGET = table((byte) => byte > SP && byte < 0x7f && byte !== 0x23);

/** reg-name, RFC 3986 3.2.2, but for the comma, which makes a list of a Host. */
export const REG_NAME = table((byte) => alphanumeric(byte) || among("-._~%!$&'()*+;=")(byte));

/** The value of a hexadecimal digit; 255 for any other byte. */
export const HEX_DIGIT = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[0-9A-Fa-f]/.test(String.fromCharCode(byte)) ? Number.parseInt(String.fromCharCode(byte), 16) : 255,
);

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** The byte itself, but lower case for a letter. */
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));

/** Whether bytes[start, end) are `literal`, which is in lower case, whatever their own case. */
export function equalsIgnoringCase(bytes: Uint8Array, start: number, end: number, literal: Uint8Array): boolean {
  if (end - start !== literal.length) return false;
  for (let i = 0; i < literal.length; i++) if (LOWER[bytes[start + i]!] !== literal[i]) return false;
  return true;
}

/** Whether two pieces of `bytes` are the same text whatever their case. */
export function sameIgnoringCase(bytes: Uint8Array, start: number, end: number, otherStart: number): boolean {
  for (let i = 0; i < end - start; i++) if (LOWER[bytes[start + i]!] !== LOWER[bytes[otherStart + i]!]) return false;
  return true;
}

/** Whether bytes[0, length) are empty lines and nothing else; also when they are none at all. */
export function isEmptyLines(bytes: Uint8Array, length: number): boolean {
  for (let at = 0; at < length; at++) if (bytes[at] !== (at % 2 === 0 ? CR : LF)) return false;
  return length % 2 === 0;
}

/** The position behind the white space (OWS, RFC 9110 5.6.3) at `start`. */
export function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
  return at;
}

/** The position before the white space that ends at `end`. */
export function trimBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (bytes[at - 1] === SP || bytes[at - 1] === HTAB)) at--;
  return at;
}
