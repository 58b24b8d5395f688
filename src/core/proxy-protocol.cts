/**
 * The PROXY protocol, version 2, as the front writes it in front of every connection to a worker and the agent reads it.
 * Source: HAProxy's doc/proxy-protocol.txt, section 2.2. CommonJS, since it runs inside workers too.
 */

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const VERSION_2 = 0x20;
const COMMAND_LOCAL = 0x0;
const COMMAND_PROXY = 0x1;
const FAMILY_UNSPEC = 0x00;
const FAMILY_TCP4 = 0x11;
const FAMILY_TCP6 = 0x21;

/** The fixed part: signature, version and command, family, length of the rest. */
export const FIXED_LENGTH = 16;
/** The longest rest that is accepted: addresses (36 bytes for IPv6) and a few TLVs. */
export const MAX_REST_LENGTH = 512;
/** The TLV that carries a worker's secret, from the range for private use (0xE0 to 0xEF). */
export const TLV_SECRET = 0xe5;

/** The two ends of a client's connection. */
export interface Ends {
  readonly family: 'IPv4' | 'IPv6';
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

export interface Header {
  /** Absent for LOCAL: the connection speaks for no client (or for one that shares it). */
  readonly ends?: Ends;
  readonly secret?: Buffer;
}

/** The header for a connection that carries one client (`ends`), or several (`undefined`: LOCAL). */
export function encode(ends: Ends | undefined, secret: Buffer): Buffer {
  const addresses = ends === undefined ? Buffer.alloc(0) : encodeEnds(ends);
  const header = Buffer.alloc(FIXED_LENGTH + addresses.length + 3 + secret.length);
  SIGNATURE.copy(header, 0);
  header[12] = VERSION_2 | (ends === undefined ? COMMAND_LOCAL : COMMAND_PROXY);
  header[13] = ends === undefined ? FAMILY_UNSPEC : ends.family === 'IPv4' ? FAMILY_TCP4 : FAMILY_TCP6;
  header.writeUInt16BE(header.length - FIXED_LENGTH, 14);
  addresses.copy(header, FIXED_LENGTH);
  const tlv = FIXED_LENGTH + addresses.length;
  header[tlv] = TLV_SECRET;
  header.writeUInt16BE(secret.length, tlv + 1);
  secret.copy(header, tlv + 3);
  return header;
}

/** The length of what follows the fixed part, or -1 when `fixed` does not open a version 2 header within bounds. */
export function restLength(fixed: Buffer): number {
  if (fixed.length < FIXED_LENGTH || fixed.compare(SIGNATURE, 0, SIGNATURE.length, 0, SIGNATURE.length) !== 0)
    return -1;
  const versionAndCommand = fixed[12]!;
  if (versionAndCommand !== (VERSION_2 | COMMAND_LOCAL) && versionAndCommand !== (VERSION_2 | COMMAND_PROXY)) return -1;
  const length = fixed.readUInt16BE(14);
  return length > MAX_REST_LENGTH ? -1 : length;
}

/** Reads a header whose fixed part passed {@link restLength}; undefined when the rest is malformed. */
export function decode(fixed: Buffer, rest: Buffer): Header | undefined {
  const proxied = fixed[12] === (VERSION_2 | COMMAND_PROXY);
  const family = fixed[13];
  const addressLength = family === FAMILY_TCP4 ? 12 : family === FAMILY_TCP6 ? 36 : 0;
  if (proxied && addressLength === 0) return undefined;
  if (rest.length < addressLength) return undefined;
  const tlvs = secretOf(rest, addressLength);
  if (tlvs === undefined) return undefined;
  return proxied ? { ...tlvs, ends: decodeEnds(rest, family === FAMILY_TCP4) } : tlvs;
}

/** Walks the TLVs (section 2.2.7); undefined when one runs past the end. */
function secretOf(rest: Buffer, from: number): { readonly secret?: Buffer } | undefined {
  let secret: Buffer | undefined;
  let at = from;
  while (at < rest.length) {
    if (at + 3 > rest.length) return undefined;
    const end = at + 3 + rest.readUInt16BE(at + 1);
    if (end > rest.length) return undefined;
    if (rest[at] === TLV_SECRET) secret = rest.subarray(at + 3, end);
    at = end;
  }
  return secret === undefined ? {} : { secret };
}

function encodeEnds(ends: Ends): Buffer {
  const width = ends.family === 'IPv4' ? 4 : 16;
  const bytes = Buffer.alloc(2 * width + 4);
  const write = ends.family === 'IPv4' ? writeIPv4 : writeIPv6;
  write(bytes, 0, ends.sourceAddress);
  write(bytes, width, ends.destinationAddress);
  bytes.writeUInt16BE(ends.sourcePort, 2 * width);
  bytes.writeUInt16BE(ends.destinationPort, 2 * width + 2);
  return bytes;
}

function decodeEnds(bytes: Buffer, isIPv4: boolean): Ends {
  const width = isIPv4 ? 4 : 16;
  const read = isIPv4 ? readIPv4 : readIPv6;
  return {
    family: isIPv4 ? 'IPv4' : 'IPv6',
    sourceAddress: read(bytes, 0),
    destinationAddress: read(bytes, width),
    sourcePort: bytes.readUInt16BE(2 * width),
    destinationPort: bytes.readUInt16BE(2 * width + 2),
  };
}

function writeIPv4(bytes: Buffer, at: number, address: string): void {
  for (const [index, part] of address.split('.').entries()) bytes[at + index] = Number(part);
}

function readIPv4(bytes: Buffer, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** Writes an IPv6 address (RFC 4291, 2.2), a zone (`%eth0`) left out and a dotted tail (`::ffff:1.2.3.4`) understood. */
function writeIPv6(bytes: Buffer, at: number, address: string): void {
  const [head = '', tail] = withoutDots(address.split('%')[0]!).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  for (const [index, group] of groups.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), at + 2 * index);
}

function withoutDots(address: string): string {
  const colon = address.lastIndexOf(':');
  const tail = address.slice(colon + 1);
  if (!tail.includes('.')) return address;
  const [a = 0, b = 0, c = 0, d = 0] = tail.split('.').map(Number);
  return `${address.slice(0, colon + 1)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

/** Reads an IPv6 address in the form that Node shows (RFC 5952; IPv4-mapped addresses with dots). */
function readIPv6(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(at + 2 * index));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${readIPv4(bytes, at + 12)}`;
  }
  const [start, length] = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): readonly [start: number, length: number] {
  let best: readonly [number, number] = [0, 0];
  let run = 0;
  for (const [index, group] of groups.entries()) {
    run = group === 0 ? run + 1 : 0;
    if (run > best[1]) best = [index - run + 1, run];
  }
  return best;
}
