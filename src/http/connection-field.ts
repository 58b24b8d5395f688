import { equalsIgnoringCase, sameIgnoringCase, skipBlanks, trimBlanks } from './characters.js';
import { type Fields, Name } from './fields.js';

/** What the Connection fields of a head say (RFC 9110 7.6.1), as bits; `tooMany` for a list that nobody sends in earnest. */
export const Connection = { close: 1, keepAlive: 2, upgrade: 4, tooMany: 8 } as const;

/** Every option is looked for among all fields, so that their number has a bound. */
const MAX_OPTIONS = 32;

const COMMA = 0x2c;
const CLOSE = Buffer.from('close');
const KEEP_ALIVE = Buffer.from('keep-alive');
const UPGRADE = Buffer.from('upgrade');

/**
 * Names that nobody removes by listing them: the message's own framing and routing, and what programs trust a front or
 * an outer proxy to have set. (Honouring those would let any client erase them.)
 */
const PROTECTED = /^(?:host|content-.*|authorization|cookie|set-cookie|forwarded|via|x-.*|date|expect|cache-control)$/i;

/** Reads the Connection field at `index`, drops the fields that it names, and returns its bits. */
export function readConnection(fields: Fields, bytes: Uint8Array, index: number): number {
  const end = fields.valueEnd[index]!;
  let options = 0;
  let count = 0;
  for (let at = fields.valueStart[index]!; at < end; at++) {
    if (++count > MAX_OPTIONS) return Connection.tooMany;
    const start = at;
    while (at < end && bytes[at] !== COMMA) at++;
    options |= readOption(fields, bytes, skipBlanks(bytes, start, at), trimBlanks(bytes, start, at));
  }
  return options;
}

function readOption(fields: Fields, bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return 0;
  if (equalsIgnoringCase(bytes, start, end, KEEP_ALIVE)) return Connection.keepAlive;
  if (equalsIgnoringCase(bytes, start, end, CLOSE)) return Connection.close;
  if (equalsIgnoringCase(bytes, start, end, UPGRADE)) return Connection.upgrade;
  dropNamed(fields, bytes, start, end);
  return 0;
}

function dropNamed(fields: Fields, bytes: Uint8Array, start: number, end: number): void {
  for (let i = 0; i < fields.count; i++) {
    if ((fields.name[i] !== Name.other && fields.name[i] !== Name.trailer) || fields.dropped[i] === 1) continue;
    if (fields.nameEnd[i]! - fields.nameStart[i]! !== end - start) continue;
    if (!sameIgnoringCase(bytes, start, end, fields.nameStart[i]!)) continue;
    if (PROTECTED.test(Buffer.from(bytes.subarray(start, end)).toString('latin1'))) return;
    fields.dropped[i] = 1;
  }
}
