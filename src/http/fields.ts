import { COLON, CR, FIELD_VALUE, HTAB, LF, SP, TOKEN, equalsIgnoringCase } from './characters.js';

/** More bytes are wanted. */
export const INCOMPLETE = 0;

/** The field names that zdlb itself understands. */
export const Name = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  keepAlive: 5,
  proxyConnection: 6,
  upgrade: 7,
  expect: 8,
  te: 9,
  trailer: 10,
  client: 11,
} as const;

/** The field in which the front tells the agent the client's address; nobody else may send it. */
export const CLIENT_FIELD = 'x-zdlb-client';

const bytesOf = (name: string) => Buffer.from(name, 'latin1');

/** The known names by their length, so that most names are dismissed by one look. */
const KNOWN: readonly (readonly (readonly [name: Uint8Array, id: number])[] | undefined)[] = (() => {
  const byLength: [Uint8Array, number][][] = [];
  const names: readonly (readonly [string, number])[] = [
    ['host', Name.host],
    ['content-length', Name.contentLength],
    ['transfer-encoding', Name.transferEncoding],
    ['connection', Name.connection],
    ['keep-alive', Name.keepAlive],
    ['proxy-connection', Name.proxyConnection],
    ['upgrade', Name.upgrade],
    ['expect', Name.expect],
    ['te', Name.te],
    ['trailer', Name.trailer],
    [CLIENT_FIELD, Name.client],
  ];
  for (const [name, id] of names) (byLength[name.length] ??= []).push([bytesOf(name), id]);
  return byLength;
})();

/** The most fields that a head may have. */
export const MAX_FIELDS = 100;

/** The fields of one head, as positions in the bytes that they were read from. Made once and used again. */
export class Fields {
  count = 0;
  readonly nameStart = new Uint32Array(MAX_FIELDS);
  readonly nameEnd = new Uint32Array(MAX_FIELDS);
  readonly valueStart = new Uint32Array(MAX_FIELDS);
  readonly valueEnd = new Uint32Array(MAX_FIELDS);
  /** One of {@link Name}. */
  readonly name = new Uint8Array(MAX_FIELDS);
  /** 1 for a field that is not forwarded. */
  readonly dropped = new Uint8Array(MAX_FIELDS);
}

/**
 * Reads field lines up to and with the empty line that ends them (RFC 9112 5), strictly: CR LF and nothing else ends a
 * line, no white space before the colon, no folding, no control bytes.
 *
 * @returns the position behind the empty line, {@link INCOMPLETE}, or minus the status to refuse with
 */
// One piece, since it touches every byte of every head: split into a function per line it cost a fifth more.
// oxlint-disable-next-line eslint/max-lines-per-function
export function parseFields(fields: Fields, bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let count = 0;
  for (;;) {
    if (at >= end) return INCOMPLETE;
    if (bytes[at] === CR) {
      if (at + 1 >= end) return INCOMPLETE;
      if (bytes[at + 1] !== LF) return -400;
      fields.count = count;
      return at + 2;
    }
    if (count === MAX_FIELDS) return -431;
    const nameStart = at;
    while (at < end && TOKEN[bytes[at]!] === 1) at++;
    if (at >= end) return INCOMPLETE;
    if (at === nameStart || bytes[at] !== COLON) return -400;
    const nameEnd = at++;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    const valueStart = at;
    while (at < end && FIELD_VALUE[bytes[at]!] === 1) at++;
    if (at >= end) return INCOMPLETE;
    if (bytes[at] !== CR) return -400;
    if (at + 1 >= end) return INCOMPLETE;
    if (bytes[at + 1] !== LF) return -400;
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    at += 2;
    fields.nameStart[count] = nameStart;
    fields.nameEnd[count] = nameEnd;
    fields.valueStart[count] = valueStart;
    fields.valueEnd[count] = valueEnd;
    fields.name[count] = nameOf(bytes, nameStart, nameEnd);
    fields.dropped[count] = 0;
    count++;
  }
}

function nameOf(bytes: Uint8Array, start: number, end: number): number {
  const candidates = KNOWN[end - start];
  if (candidates === undefined) return Name.other;
  for (const [name, id] of candidates) if (equalsIgnoringCase(bytes, start, end, name)) return id;
  return Name.other;
}

/** Writes the fields that are not dropped as `name: value` lines; returns the position behind them. */
export function writeFields(fields: Fields, bytes: Uint8Array, output: Uint8Array, start: number): number {
  let at = start;
  for (let i = 0; i < fields.count; i++) {
    if (fields.dropped[i] === 1) continue;
    at = copy(bytes, fields.nameStart[i]!, fields.nameEnd[i]!, output, at);
    output[at++] = COLON;
    output[at++] = SP;
    at = copy(bytes, fields.valueStart[i]!, fields.valueEnd[i]!, output, at);
    output[at++] = CR;
    output[at++] = LF;
  }
  return at;
}

/** Up to this length a loop is faster than a call into the runtime (measured on Node 20: even at about 60 bytes). */
const SHORT = 64;

/** Copies bytes[start, end) to `output`; returns the position behind the copy. */
export function copy(bytes: Uint8Array, start: number, end: number, output: Uint8Array, at: number): number {
  if (end - start > SHORT) {
    output.set(bytes.subarray(start, end), at);
    return at + end - start;
  }
  let to = at;
  for (let from = start; from < end; from++) output[to++] = bytes[from]!;
  return to;
}
