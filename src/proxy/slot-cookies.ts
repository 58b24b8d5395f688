import { createHmac, randomBytes } from 'node:crypto';
import { isDigit, skipBlanks, trimBlanks } from '../http/characters.js';
import { type Fields, Name } from '../http/fields.js';

/** Made with the front, so a cookie of a former run is not known any more: its workers are gone too. */
const KEY = randomBytes(32);
/** Base64url digits of the signature: 128 bits. */
const SIGNATURE_LENGTH = 22;
/** Bounds what is kept for cookies that were made up. */
const MAX_SLOT_DIGITS = 4;

const EQUALS = 0x3d;
const SEMICOLON = 0x3b;
const DOT = 0x2e;
const QUOTE = 0x22;

/** What is said of one slot; made once, so that a request costs no signature. */
interface Cookie {
  readonly value: Buffer;
  readonly line: Buffer;
}

/** The cookies by which clients are known again: each names a slot and is signed, so that nobody picks a worker by hand. */
export class SlotCookies {
  readonly name: string;
  readonly #key: Buffer;
  readonly #nameBytes: Buffer;
  readonly #cookies: (Cookie | undefined)[] = [];

  /** @param label tells apart the instances of one host, since cookies don't know of ports (RFC 6265 8.5) */
  constructor(label: string, key: Buffer = KEY) {
    this.name = `zdlb_slot_${label}`;
    this.#key = key;
    this.#nameBytes = Buffer.from(this.name, 'latin1');
  }

  /** The field line that gives a client the cookie of `slot`; undefined when it is `known` that it has it. */
  lineFor(slot: number, known: number | undefined): Buffer | undefined {
    return slot === known ? undefined : this.#cookieOf(slot).line;
  }

  /**
   * The slot that a request's Cookie fields name, all of them read as one (RFC 6265 5.4 wants one, HTTP/2 makes several).
   * Undefined without a good one; of several the first good one counts, since their order means nothing.
   */
  slotOf(fields: Fields, bytes: Uint8Array): number | undefined {
    for (let i = 0; i < fields.count; i++) {
      if (fields.name[i] !== Name.cookie) continue;
      const slot = this.#read(bytes, fields.valueStart[i]!, fields.valueEnd[i]!);
      if (slot !== undefined) return slot;
    }
    return undefined;
  }

  /** cookie-pair *( ";" SP cookie-pair ), RFC 6265 4.2.1; white space is taken as user agents and servers do. */
  #read(bytes: Uint8Array, start: number, end: number): number | undefined {
    for (let at = start; at < end; at++) {
      const pairStart = at;
      while (at < end && bytes[at] !== SEMICOLON) at++;
      const slot = this.#readPair(bytes, skipBlanks(bytes, pairStart, at), at);
      if (slot !== undefined) return slot;
    }
    return undefined;
  }

  #readPair(bytes: Uint8Array, start: number, end: number): number | undefined {
    const name = this.#nameBytes;
    const valueStart = start + name.length + 1;
    if (valueStart > end || bytes[valueStart - 1] !== EQUALS) return undefined;
    for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return undefined;
    const valueEnd = trimBlanks(bytes, valueStart, end);
    const isQuoted = valueEnd - valueStart > 1 && bytes[valueStart] === QUOTE && bytes[valueEnd - 1] === QUOTE;
    return isQuoted ? this.#verify(bytes, valueStart + 1, valueEnd - 1) : this.#verify(bytes, valueStart, valueEnd);
  }

  /** slot "." signature */
  #verify(bytes: Uint8Array, start: number, end: number): number | undefined {
    const digits = end - start - 1 - SIGNATURE_LENGTH;
    if (digits < 1 || digits > MAX_SLOT_DIGITS || bytes[start + digits] !== DOT) return undefined;
    let slot = 0;
    for (let at = start; at < start + digits; at++) {
      if (!isDigit(bytes[at])) return undefined;
      slot = slot * 10 + bytes[at]! - 0x30;
    }
    const { value } = this.#cookieOf(slot);
    if (value.length !== end - start) return undefined;
    // No byte ends it early: how long it takes must not tell how much of a made up signature is right.
    let difference = 0;
    for (let i = 0; i < value.length; i++) difference |= value[i]! ^ bytes[start + i]!;
    return difference === 0 ? slot : undefined;
  }

  #cookieOf(slot: number): Cookie {
    return (this.#cookies[slot] ??= this.#make(slot));
  }

  #make(slot: number): Cookie {
    const signature = createHmac('sha256', this.#key).update(`${this.name}=${slot}`).digest('base64url');
    const value = `${slot}.${signature.slice(0, SIGNATURE_LENGTH)}`;
    const line = `Set-Cookie: ${this.name}=${value}; Path=/; HttpOnly; SameSite=Lax\r\n`;
    return { value: Buffer.from(value, 'latin1'), line: Buffer.from(line, 'latin1') };
  }
}
