/**
 * The PROXY protocol, version 2: as the front writes it in front of every connection to a worker and the agent reads it, and as
 * proxies in front of zdlb write it. Source: HAProxy's doc/proxy-protocol.txt, section 2.2. CommonJS, since it runs inside workers too.
 */

/** What a header of version 2 begins with. */
export const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const VERSION_2 = 0x20;
const COMMANDS = { LOCAL: 0x0, PROXY: 0x1 } as const;
const UNSPEC = 0x00;
/** Address family and SOCK_STREAM, and how long the two ends are (section 2.2.3). */
const FAMILIES = {
  IPv4: { code: 0x11, length: 12 },
  IPv6: { code: 0x21, length: 36 },
  Unix: { code: 0x31, length: 216 },
} as const;

/** The fixed part: signature, version and command, family, length of the rest. */
export const FIXED_LENGTH = 16;
/** The longest rest that the agent accepts: addresses (216 bytes for Unix sockets) and a few TLVs. */
export const MAX_REST_LENGTH = 512;
/** The TLV that carries a worker's secret, from the range for private use (0xE0 to 0xEF). */
export const TLV_SECRET = 0xe5;

/** The two ends of a client's connection over IP. */
export interface InternetEnds {
  readonly family: 'IPv4' | 'IPv6';
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

/** A client at a Unix socket, which has no address. (The paths are left out, as Node does.) */
export interface UnixEnds {
  readonly family: 'Unix';
}

/** The two ends of a client's connection. */
export type Ends = InternetEnds | UnixEnds;

export interface Header {
  /** LOCAL: the connection speaks for no client of its own; ours to a worker, for those that share it. */
  readonly command: 'LOCAL' | 'PROXY';
  /** Absent for LOCAL, and where who sent it does not say (UNSPEC): the ends are those of the connection itself. */
  readonly ends?: Ends;
  readonly secret?: Buffer;
}

/** The header as bytes. */
export function encode({ command, ends, secret }: Header): Buffer {
  const addresses = ends === undefined ? Buffer.alloc(0) : encodeEnds(ends);
  const tlvLength = secret === undefined ? 0 : 3 + secret.length;
  const header = Buffer.alloc(FIXED_LENGTH + addresses.length + tlvLength);
  SIGNATURE.copy(header, 0);
  header[12] = VERSION_2 | COMMANDS[command];
  header[13] = ends === undefined ? UNSPEC : FAMILIES[ends.family].code;
  header.writeUInt16BE(header.length - FIXED_LENGTH, 14);
  addresses.copy(header, FIXED_LENGTH);
  if (secret === undefined) return header;
  const tlv = FIXED_LENGTH + addresses.length;
  header[tlv] = TLV_SECRET;
  header.writeUInt16BE(secret.length, tlv + 1);
  secret.copy(header, tlv + 3);
  return header;
}

/**
 * The length of what follows the fixed part, or -1 when `fixed` does not open a version 2 header within bounds.
 *
 * @param most the longest rest that is accepted, in bytes
 */
export function restLength(fixed: Buffer, most = MAX_REST_LENGTH): number {
  if (fixed.length < FIXED_LENGTH || fixed.compare(SIGNATURE, 0, SIGNATURE.length, 0, SIGNATURE.length) !== 0)
    return -1;
  const versionAndCommand = fixed[12]!;
  if (versionAndCommand !== (VERSION_2 | COMMANDS.LOCAL) && versionAndCommand !== (VERSION_2 | COMMANDS.PROXY))
    return -1;
  const length = fixed.readUInt16BE(14);
  return length > most ? -1 : length;
}

/**
 * Reads a header whose fixed part passed {@link restLength}; undefined when the rest is malformed. A family that is not known
 * here says nothing of the ends (section 2.2: such a connection is to be taken with its own).
 */
export function decode(fixed: Buffer, rest: Buffer): Header | undefined {
  const command = fixed[12] === (VERSION_2 | COMMANDS.PROXY) ? 'PROXY' : 'LOCAL';
  const family = familyOf(fixed[13]!);
  const length = family === undefined ? 0 : FAMILIES[family].length;
  if (rest.length < length) return undefined;
  const tlvs = secretOf(rest, length);
  if (tlvs === undefined) return undefined;
  return command === 'LOCAL' || family === undefined
    ? { command, ...tlvs }
    : { command, ...tlvs, ends: decodeEnds(rest, family) };
}

function familyOf(code: number): Ends['family'] | undefined {
  const families = Object.keys(FAMILIES) as readonly Ends['family'][];
  return families.find((family) => FAMILIES[family].code === code);
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
  const bytes = Buffer.alloc(FAMILIES[ends.family].length);
  if (ends.family === 'Unix') return bytes;
  const width = ends.family === 'IPv4' ? 4 : 16;
  const write = ends.family === 'IPv4' ? writeIPv4 : writeIPv6;
  write(bytes, 0, ends.sourceAddress);
  write(bytes, width, ends.destinationAddress);
  bytes.writeUInt16BE(ends.sourcePort, 2 * width);
  bytes.writeUInt16BE(ends.destinationPort, 2 * width + 2);
  return bytes;
}

function decodeEnds(bytes: Buffer, family: Ends['family']): Ends {
  if (family === 'Unix') return { family };
  const width = family === 'IPv4' ? 4 : 16;
  const read = family === 'IPv4' ? readIPv4 : readIPv6;
  return {
    family,
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

/** Reads an IPv6 address in the form that Node shows (RFC 5952; IPv4-mapped and IPv4-compatible addresses with dots). */
function readIPv6(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(at + 2 * index));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${readIPv4(bytes, at + 12)}`;
  }
  const [start, length] = longestZeroRun(groups);
  if (start === 0 && length === 6) return `::${readIPv4(bytes, at + 12)}`;
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
