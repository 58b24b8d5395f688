import { SocketAddress, isIPv4, isIPv6 } from 'node:net';
import { type Ends, FIXED_LENGTH, SIGNATURE, decode, restLength } from '../core/proxy-protocol.cjs';

/** A header of the PROXY protocol that is whole: its length in bytes, and the client's ends. */
export interface ProxyHeader {
  readonly length: number;
  /** Absent where it speaks for no client, or does not say for whom: the connection's own ends count. */
  readonly ends?: Ends;
}

const LINE_START = Buffer.from('PROXY ', 'latin1');
/** Of version 1, with its CRLF (section 2.1). */
const MAX_LINE = 107;
/** Of version 2: addresses and TLVs of load balancers take some hundred bytes, those with a client's certificate a few thousand. */
const MAX_LENGTH = 4_096;
const LF = 0x0a;
const CR = 0x0d;

const LINE = /^PROXY (?:UNKNOWN(?: .*)?|TCP([46]) (\S+) (\S+) (\d+) (\d+))$/s;
const PORT = /^(?:0|[1-9]\d{0,4})$/;
const MAX_PORT = 65_535;

const LOCAL = 0x20;
/** The high half of the 14th byte is the family, the low one the transport; what is beyond these must be refused (section 2.2). */
const UNIX = 0x3;
const STREAM = 0x1;
const DATAGRAM = 0x2;

/**
 * Reads the PROXY header, of version 1 or 2, that the bytes of a connection begin with: `absent` as soon as they can't be the
 * beginning of one. Source: HAProxy's doc/proxy-protocol.txt. (A checksum among the TLVs is not looked at: TCP has its own.)
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | 'partial' | 'absent' | 'malformed' {
  if (beginsAs(bytes, LINE_START)) return readLine(bytes);
  return beginsAs(bytes, SIGNATURE) ? readBinary(bytes) : 'absent';
}

/** Whether both begin alike, as far as the shorter one goes. */
function beginsAs(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

/** A line feed alone must not end the line, so it can be refused before more has come. */
function readLine(bytes: Buffer): ProxyHeader | 'partial' | 'malformed' {
  const end = bytes.indexOf(LF);
  if (end === -1) return bytes.length < MAX_LINE ? 'partial' : 'malformed';
  if (end >= MAX_LINE || bytes[end - 1] !== CR) return 'malformed';
  const found = LINE.exec(bytes.toString('latin1', 0, end - 1));
  if (found === null) return 'malformed';
  const [, family, ...ends] = found;
  if (family === undefined) return { length: end + 1 };
  const read = endsOf(family === '4' ? 'IPv4' : 'IPv6', ends);
  return read === undefined ? 'malformed' : { length: end + 1, ends: read };
}

function endsOf(family: 'IPv4' | 'IPv6', [source, destination, from, to]: readonly string[]): Ends | undefined {
  const sourceAddress = addressOf(family, source!);
  const destinationAddress = addressOf(family, destination!);
  const sourcePort = portOf(from!);
  const destinationPort = portOf(to!);
  if (sourceAddress === undefined || destinationAddress === undefined) return undefined;
  if (sourcePort === undefined || destinationPort === undefined) return undefined;
  return { family, sourceAddress, sourcePort, destinationAddress, destinationPort };
}

/** In the form that Node shows. A zone means something on another machine only. */
function addressOf(family: 'IPv4' | 'IPv6', text: string): string | undefined {
  if (family === 'IPv4') return isIPv4(text) ? text : undefined;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  return new SocketAddress({ address: text, family: 'ipv6' }).address;
}

function portOf(text: string): number | undefined {
  const port = PORT.test(text) ? Number(text) : Infinity;
  return port <= MAX_PORT ? port : undefined;
}

function readBinary(bytes: Buffer): ProxyHeader | 'partial' | 'malformed' {
  if (bytes.length < FIXED_LENGTH) return 'partial';
  const rest = restLength(bytes, MAX_LENGTH - FIXED_LENGTH);
  if (rest === -1) return 'malformed';
  const isLocal = bytes[12] === LOCAL;
  const [family, transport] = [bytes[13]! >> 4, bytes[13]! & 0xf];
  // The family of a LOCAL one is to be ignored, with all that is in it.
  if (!isLocal && (family > UNIX || transport > DATAGRAM)) return 'malformed';
  const length = FIXED_LENGTH + rest;
  if (bytes.length < length) return 'partial';
  if (isLocal || family === 0 || transport !== STREAM) return { length };
  const header = decode(bytes.subarray(0, FIXED_LENGTH), bytes.subarray(FIXED_LENGTH, length));
  return header?.ends === undefined ? 'malformed' : { length, ends: header.ends };
}
