import { HTAB, SP, equalsIgnoringCase } from './characters.js';
import { type Fields, Name } from './fields.js';

/** What the Connection fields of a head say (RFC 9110 7.6.1), as bits. */
export const Connection = { close: 1, keepAlive: 2, upgrade: 4 } as const;

const COMMA = 0x2c;
const CLOSE = Buffer.from('close');
const KEEP_ALIVE = Buffer.from('keep-alive');
const UPGRADE = Buffer.from('upgrade');

/**
 * Names that nobody removes by listing them: the message's own framing and routing, and what programs trust a front or
 * an outer proxy to have set. (Honouring those would let any client erase them.)
 */
const PROTECTED = /^(?:host|content-.*|authorization|cookie|set-cookie|forwarded|via|x-.*|date|expect|cache-control)$/;

/** Reads the Connection field at `index`, drops the fields that it names, and returns its bits. */
export function readConnection(fields: Fields, bytes: Uint8Array, index: number): number {
  const end = fields.valueEnd[index]!;
  let options = 0;
  let at = fields.valueStart[index]!;
  while (at < end) {
    const start = at;
    while (at < end && bytes[at] !== COMMA) at++;
    options |= readOption(fields, bytes, skipBlanks(bytes, start, at), trimBlanks(bytes, start, at));
    at++;
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
  const name = Buffer.from(bytes.subarray(start, end)).toString('latin1').toLowerCase();
  if (PROTECTED.test(name)) return;
  const literal = Buffer.from(name, 'latin1');
  for (let i = 0; i < fields.count; i++) {
    if (fields.name[i] !== Name.other) continue;
    if (equalsIgnoringCase(bytes, fields.nameStart[i]!, fields.nameEnd[i]!, literal)) fields.dropped[i] = 1;
  }
}

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
  return at;
}

function trimBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (bytes[at - 1] === SP || bytes[at - 1] === HTAB)) at--;
  return at;
}
