import { CR, LF } from './characters.js';

/** What the relay must know of a method (RFC 9110 9). */
export interface Method {
  /** Whether 9.2.2 lets a request be sent again. */
  readonly isIdempotent: boolean;
  readonly isHead: boolean;
  readonly isOptions: boolean;
  /** A tunnel through zdlb, or an echo of fields that a client must not see: not a reverse proxy's business. */
  readonly isRefused: boolean;
}

const OTHER: Method = { isIdempotent: false, isHead: false, isOptions: false, isRefused: false };
const IDEMPOTENT: Method = { ...OTHER, isIdempotent: true };

const KNOWN: readonly (readonly [name: Uint8Array, method: Method])[] = [
  [Buffer.from('GET'), IDEMPOTENT],
  [Buffer.from('POST'), OTHER],
  [Buffer.from('HEAD'), { ...IDEMPOTENT, isHead: true }],
  [Buffer.from('PUT'), IDEMPOTENT],
  [Buffer.from('DELETE'), IDEMPOTENT],
  [Buffer.from('OPTIONS'), { ...IDEMPOTENT, isOptions: true }],
  [Buffer.from('CONNECT'), { ...OTHER, isRefused: true }],
  [Buffer.from('TRACE'), { ...OTHER, isRefused: true }],
];

/** The method that bytes[start, end) name, case as it stands (RFC 9110 9.1); an unknown one is passed on as not idempotent. */
export function methodOf(bytes: Uint8Array, start: number, end: number): Method {
  for (const [name, method] of KNOWN) if (equals(bytes, start, end, name)) return method;
  return OTHER;
}

const HEAD = Buffer.from('HEAD ');

/** Whether bytes[0, end) begin with a request for HEAD, also when the rest of them is none: no answer to it has a body. */
export function beginsWithHead(bytes: Uint8Array, end: number): boolean {
  let start = 0;
  while (start + 1 < end && bytes[start] === CR && bytes[start + 1] === LF) start += 2;
  return start + HEAD.length <= end && equals(bytes, start, start + HEAD.length, HEAD);
}

function equals(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
  return true;
}
