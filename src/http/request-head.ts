import { isAuthority } from './authority.js';
import { CR, LF, SP, TARGET, TOKEN, equalsIgnoringCase, isDigit } from './characters.js';
import { Connection, readConnection } from './connection-field.js';
import { Fields, INCOMPLETE, Name, copy, parseFields, writeFields } from './fields.js';
import { Framing, FramingFields } from './framing.js';
import { type Method, methodOf } from './method.js';

const MAX_METHOD = 32;

const SLASH = 0x2f;
const ASTERISK = 0x2a;
const QUESTION_MARK = 0x3f;

const literal = (text: string) => Buffer.from(text, 'latin1');
const VERSION = literal('HTTP/');
const HTTP_1_1 = literal(' HTTP/1.1\r\n');
const CHUNKED_LINE = literal('Transfer-Encoding: chunked\r\n');
const UPGRADE_LINES = literal('Connection: Upgrade\r\n');
const HOST_NAME = literal('Host: ');
const TRAILERS_LINES = literal('TE: trailers\r\nConnection: TE\r\n');
const CONTINUE = literal('100-continue');

/** What an operator allows a request head. */
export interface HeadBounds {
  readonly maxFields: number;
  /** Bytes. */
  readonly maxTargetSize: number;
}

/** One request head, as positions in the bytes that it was read from. Made once and used again. */
export class RequestHead {
  readonly fields = new Fields();
  readonly framingFields = new FramingFields();
  methodStart = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** The n of HTTP/1.n. */
  minorVersion = 1;
  method!: Method;
  /** Whether the client's connection stays open behind the response (RFC 9112 9.3). */
  isPersistent = true;
  /** Whether it asks for another protocol (RFC 9110 7.8). */
  isUpgrade = false;
  expectsContinue = false;
  /** Whether trailers may come behind the response (RFC 9110 10.1.4). */
  takesTrailers = false;
  /** Whether it has a key by which the program knows a repetition, so that even a POST may be sent again. */
  hasIdempotencyKey = false;
  hasRequestId = false;
  framing: Framing = Framing.none;
  #hostIndex = -1;
  /** Of an absolute-form target. */
  #authorityStart = 0;
  #authorityEnd = 0;

  /**
   * Reads a request head strictly (RFC 9112 2 to 6): what is ambiguous is refused, never repaired.
   *
   * @returns the position behind the head, {@link INCOMPLETE}, or minus the status to refuse with
   */
  parse(bytes: Uint8Array, start: number, end: number, { maxFields, maxTargetSize }: HeadBounds): number {
    const fieldsStart = this.#parseLine(bytes, start, end, maxTargetSize);
    if (fieldsStart <= 0) return fieldsStart;
    const headEnd = parseFields(this.fields, bytes, fieldsStart, end, maxFields);
    if (headEnd <= 0) return headEnd;
    const status = this.#interpret(bytes);
    return status === 0 ? headEnd : -status;
  }

  get contentLength(): number {
    return this.framingFields.contentLength;
  }

  /** Writes the head that the worker gets, anew from its parts, `added` lines first; returns the position behind it. */
  write(bytes: Uint8Array, added: Uint8Array | undefined, output: Uint8Array, start: number): number {
    let at = copy(bytes, this.methodStart, this.methodEnd, output, start);
    output[at++] = SP;
    // RFC 9112 3.2.1 and 3.2.4: what an absolute-form without a path stands for.
    if (this.targetStart === this.targetEnd) output[at++] = this.method.isOptions ? ASTERISK : SLASH;
    else if (bytes[this.targetStart] === QUESTION_MARK) output[at++] = SLASH;
    at = copy(bytes, this.targetStart, this.targetEnd, output, at);
    at = copy(HTTP_1_1, 0, HTTP_1_1.length, output, at);
    if (added !== undefined) at = copy(added, 0, added.length, output, at);
    if (this.#hostIndex === -1) at = this.#writeHost(bytes, output, at);
    at = writeFields(this.fields, bytes, output, at);
    if (this.framing === Framing.chunked) at = copy(CHUNKED_LINE, 0, CHUNKED_LINE.length, output, at);
    if (this.isUpgrade) at = copy(UPGRADE_LINES, 0, UPGRADE_LINES.length, output, at);
    else if (this.takesTrailers) at = copy(TRAILERS_LINES, 0, TRAILERS_LINES.length, output, at);
    output[at++] = CR;
    output[at++] = LF;
    return at;
  }

  /** HTTP/1.0 needs no Host, what is sent on as 1.1 does (RFC 9112 3.2): the target's authority, or empty where there is none. */
  #writeHost(bytes: Uint8Array, output: Uint8Array, start: number): number {
    let at = copy(HOST_NAME, 0, HOST_NAME.length, output, start);
    at = copy(bytes, this.#authorityStart, this.#authorityEnd, output, at);
    output[at++] = CR;
    output[at++] = LF;
    return at;
  }

  /** RFC 9112 3: method SP target SP version CR LF, with exactly one space each. */
  #parseLine(bytes: Uint8Array, start: number, end: number, maxTargetSize: number): number {
    let at = start;
    // RFC 9112 2.2: an empty line before the request line is ignored.
    while (bytes[at] === CR && bytes[at + 1] === LF && at + 1 < end) at += 2;
    this.methodStart = at;
    while (at < end && TOKEN[bytes[at]!] === 1) at++;
    if (at - this.methodStart > MAX_METHOD) return longMethod(bytes, this.methodStart, at, end, maxTargetSize);
    if (at >= end || (at + 1 === end && bytes[at] === CR && at === this.methodStart)) return INCOMPLETE;
    if (bytes[at] !== SP || at === this.methodStart) return -400;
    this.methodEnd = at++;
    this.targetStart = at;
    while (at < end && TARGET[bytes[at]!] === 1) at++;
    if (at - this.targetStart > maxTargetSize) return -414;
    if (at >= end) return INCOMPLETE;
    if (bytes[at] !== SP || at === this.targetStart) return -400;
    this.targetEnd = at++;
    return this.#parseVersion(bytes, at, end);
  }

  #parseVersion(bytes: Uint8Array, start: number, end: number): number {
    for (let i = 0; i < VERSION.length; i++) {
      if (start + i >= end) return INCOMPLETE;
      if (bytes[start + i] !== VERSION[i]) return -400;
    }
    if (start + 10 > end) return INCOMPLETE;
    if (!isDigit(bytes[start + 5]) || bytes[start + 6] !== 0x2e || !isDigit(bytes[start + 7])) return -400;
    if (bytes[start + 8] !== CR || bytes[start + 9] !== LF) return -400;
    const minor = bytes[start + 7]! - 0x30;
    if (bytes[start + 5] !== 0x31 || minor > 1) return -505;
    this.minorVersion = minor;
    return start + 10;
  }

  /** What method, target and fields mean together; 0, or the status to refuse with. */
  #interpret(bytes: Uint8Array): number {
    this.#reset();
    this.method = methodOf(bytes, this.methodStart, this.methodEnd);
    if (this.method.isRefused) return 501;
    const status = this.#readFields(bytes);
    return status === 0 ? this.#conclude(bytes) : status;
  }

  #reset(): void {
    this.framingFields.reset();
    this.isUpgrade = false;
    this.expectsContinue = false;
    this.takesTrailers = false;
    this.hasIdempotencyKey = false;
    this.hasRequestId = false;
    this.#hostIndex = -1;
    this.#authorityStart = 0;
    this.#authorityEnd = 0;
  }

  #readFields(bytes: Uint8Array): number {
    let connection = 0;
    let upgradeIndex = -1;
    for (let i = 0; i < this.fields.count; i++) {
      const name = this.fields.name[i]!;
      if (name === Name.other) continue;
      if (name === Name.connection) connection |= readConnection(this.fields, bytes, i);
      else if (name === Name.upgrade) upgradeIndex = i;
      const status = this.#readField(bytes, i, name);
      if (status !== 0) return status;
    }
    if ((connection & Connection.tooMany) !== 0) return 400;
    this.isPersistent =
      (connection & Connection.close) === 0 && (this.minorVersion === 1 || (connection & Connection.keepAlive) !== 0);
    this.#decideUpgrade(connection, upgradeIndex);
    return 0;
  }

  #readField(bytes: Uint8Array, index: number, name: number): number {
    switch (name) {
      case Name.host:
        if (this.#hostIndex !== -1) return 400;
        this.#hostIndex = index;
        return 0;
      case Name.contentLength:
        return this.framingFields.takeContentLength(this.fields, bytes, index);
      case Name.transferEncoding:
        this.fields.dropped[index] = 1;
        return this.framingFields.takeTransferEncoding(this.fields, bytes, index);
      case Name.expect:
        return this.#readExpect(bytes, index);
      case Name.trailer:
      case Name.cookie:
        return 0;
      case Name.te:
        this.fields.dropped[index] = 1;
        this.takesTrailers ||=
          this.minorVersion === 1 && /(?:^|,)[ \t]*trailers[ \t]*(?:$|,)/i.test(this.#value(bytes, index));
        return 0;
      case Name.idempotencyKey:
        this.hasIdempotencyKey ||= this.#hasValue(index);
        return 0;
      case Name.requestId:
        this.hasRequestId ||= this.#hasValue(index);
        return 0;
      default:
        // Hop-by-hop (RFC 9110 7.6.1), or the agent's.
        this.fields.dropped[index] = 1;
        return 0;
    }
  }

  /** RFC 9110 10.1.1: the only expectation there is. HTTP/1.0 has none. */
  #readExpect(bytes: Uint8Array, index: number): number {
    const { valueStart, valueEnd, dropped } = this.fields;
    if (!equalsIgnoringCase(bytes, valueStart[index]!, valueEnd[index]!, CONTINUE)) return 417;
    this.expectsContinue = this.minorVersion === 1;
    if (!this.expectsContinue) dropped[index] = 1;
    return 0;
  }

  #hasValue(index: number): boolean {
    return this.fields.valueEnd[index]! > this.fields.valueStart[index]!;
  }

  #value(bytes: Uint8Array, index: number): string {
    return latin1(bytes, this.fields.valueStart[index]!, this.fields.valueEnd[index]!);
  }

  /** The Host field's value, or else the target's authority; empty where there is neither. */
  host(bytes: Uint8Array): string {
    if (this.#hostIndex === -1) return latin1(bytes, this.#authorityStart, this.#authorityEnd);
    return this.#value(bytes, this.#hostIndex);
  }

  /** An upgrade is passed on only where its end is plain: HTTP/1.1, listed in Connection, and no body. */
  #decideUpgrade(connection: number, index: number): void {
    const { isChunked, contentLength } = this.framingFields;
    if (index === -1 || (connection & Connection.upgrade) === 0 || this.minorVersion === 0) return;
    if (isChunked || contentLength > 0) return;
    this.isUpgrade = true;
    this.fields.dropped[index] = 0;
  }

  #conclude(bytes: Uint8Array): number {
    const { isChunked, isAmbiguous, contentLength } = this.framingFields;
    // RFC 9112 6.1: a transfer coding in HTTP/1.0 is faulty framing.
    if (isAmbiguous || (isChunked && this.minorVersion === 0)) return 400;
    this.framing = isChunked ? Framing.chunked : contentLength > 0 ? Framing.length : Framing.none;
    return this.#checkHost(bytes) && this.#checkTarget(bytes) ? 0 : 400;
  }

  /** RFC 9112 3.2: HTTP/1.1 has exactly one Host, and it must be valid. */
  #checkHost(bytes: Uint8Array): boolean {
    if (this.#hostIndex === -1) return this.minorVersion === 0;
    return isAuthority(bytes, this.fields.valueStart[this.#hostIndex]!, this.fields.valueEnd[this.#hostIndex]!);
  }

  /** RFC 9112 3.2: origin-form, absolute-form (sent on as origin-form), or `*` for OPTIONS. */
  #checkTarget(bytes: Uint8Array): boolean {
    if (bytes[this.targetStart] === SLASH) return true;
    if (bytes[this.targetStart] === ASTERISK) {
      return this.targetEnd - this.targetStart === 1 && this.method.isOptions;
    }
    return this.#shortenAbsoluteForm(bytes);
  }

  /** RFC 9112 3.2.2, but a target that disagrees with Host is refused instead of overruling it. */
  #shortenAbsoluteForm(bytes: Uint8Array): boolean {
    const target = latin1(bytes, this.targetStart, this.targetEnd);
    const match = /^https?:\/\/([^/?]+)/i.exec(target);
    if (match === null) return false;
    if (this.#hostIndex !== -1) {
      if (this.host(bytes).toLowerCase() !== match[1]!.toLowerCase()) return false;
    }
    const authorityEnd = this.targetStart + match[0].length;
    const authorityStart = authorityEnd - match[1]!.length;
    if (!isAuthority(bytes, authorityStart, authorityEnd)) return false;
    this.#authorityStart = authorityStart;
    this.#authorityEnd = authorityEnd;
    this.targetStart = authorityEnd;
    return true;
  }
}

/** RFC 9112 3: longer than any that is known gets 501 where it is one; longer than any target is none. */
function longMethod(bytes: Uint8Array, start: number, at: number, end: number, max: number): number {
  if (at - start > max) return -400;
  if (at >= end) return INCOMPLETE;
  return bytes[at] === SP ? -501 : -400;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
