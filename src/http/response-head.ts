import { CR, FIELD_VALUE, LF, SP, equalsIgnoringCase, isDigit } from './characters.js';
import { Connection, readConnection } from './connection-field.js';
import { Fields, INCOMPLETE, MAX_FIELDS, Name, copy, parseFields, writeFields } from './fields.js';
import { Framing, FramingFields, isFramingField } from './framing.js';

const literal = (text: string) => Buffer.from(text, 'latin1');
const VERSION = literal('HTTP/1.');
const HTTP_1_1 = literal('HTTP/1.1 ');
const CLOSE_LINE = literal('Connection: close\r\n');
const KEEP_ALIVE_LINE = literal('Connection: keep-alive\r\n');
const UPGRADE_LINE = literal('Connection: Upgrade\r\n');
const CONTENT_TYPE = literal('content-type');
const EVENT_STREAM = literal('text/event-stream');
const CHUNKED_LINE = literal('Transfer-Encoding: chunked\r\n');

/** What the response must know of its request. */
export interface Asked {
  readonly isHead: boolean;
  /** The n of the client's HTTP/1.n. */
  readonly minorVersion: number;
  /** Whether trailers may come behind the response (RFC 9110 6.5.1). */
  readonly takesTrailers: boolean;
}

/** What is said of the client's connection in a response head; HTTP/1.1 stays open without a word. */
export type ConnectionLine = 'none' | 'close' | 'keep-alive' | 'upgrade';

/** One response head, as positions in the bytes that it was read from. Made once and used again. */
export class ResponseHead {
  readonly fields = new Fields();
  readonly framingFields = new FramingFields();
  status = 0;
  framing: Framing = Framing.none;
  /** Whether the worker's connection may serve another request. */
  isPersistent = true;
  #minorVersion = 1;
  #reasonStart = 0;
  #reasonEnd = 0;
  /** A response without a body to HEAD or with 304 may still say how the body would be framed. */
  #keepsCoding = false;
  #keepAliveIndex = -1;
  #offersUpgrade = false;

  /**
   * Reads a response head strictly (RFC 9112 4 to 6).
   *
   * @returns the position behind the head, {@link INCOMPLETE}, or a negative number for one that is not to be trusted
   */
  parse(bytes: Uint8Array, start: number, end: number, asked: Asked): number {
    const fieldsStart = this.#parseLine(bytes, start, end);
    if (fieldsStart <= 0) return fieldsStart;
    const headEnd = parseFields(this.fields, bytes, fieldsStart, end, MAX_FIELDS);
    if (headEnd <= 0) return headEnd;
    return this.#interpret(bytes, asked) ? headEnd : -502;
  }

  /** Whether it begins a stream of server-sent events. Looked up for whoever asks: only few bodies last. */
  isEventStream(bytes: Uint8Array): boolean {
    const { count, nameStart, nameEnd, valueStart, valueEnd } = this.fields;
    for (let i = 0; i < count; i++) {
      if (!equalsIgnoringCase(bytes, nameStart[i]!, nameEnd[i]!, CONTENT_TYPE)) continue;
      const end = valueStart[i]! + EVENT_STREAM.length;
      return end <= valueEnd[i]! && equalsIgnoringCase(bytes, valueStart[i]!, end, EVENT_STREAM);
    }
    return false;
  }

  /** 100 to 199, but for 101, which ends HTTP on the connection. */
  get isInterim(): boolean {
    return this.status < 200 && this.status !== 101;
  }

  get contentLength(): number {
    return this.framingFields.contentLength;
  }

  /** How long the worker says that it keeps an idle connection, in milliseconds (RFC 2068 19.7.1.1); Infinity if it does not say. */
  keepAliveTimeout(bytes: Uint8Array): number {
    if (this.#keepAliveIndex === -1) return Infinity;
    const { valueStart, valueEnd } = this.fields;
    const value = Buffer.from(bytes.subarray(valueStart[this.#keepAliveIndex], valueEnd[this.#keepAliveIndex]));
    return keepAliveTimeoutOf(value.toString('latin1'));
  }

  /** Writes the head that the client gets, anew from its parts and an `added` line; returns the position behind it. */
  write(
    bytes: Uint8Array,
    line: ConnectionLine,
    asked: Asked,
    output: Uint8Array,
    start: number,
    added: Uint8Array = EMPTY,
  ): number {
    let at = copy(HTTP_1_1, 0, HTTP_1_1.length, output, start);
    output[at++] = 0x30 + Math.floor(this.status / 100);
    output[at++] = 0x30 + (Math.floor(this.status / 10) % 10);
    output[at++] = 0x30 + (this.status % 10);
    output[at++] = SP;
    at = copy(bytes, this.#reasonStart, this.#reasonEnd, output, at);
    output[at++] = CR;
    output[at++] = LF;
    at = writeFields(this.fields, bytes, output, at);
    at = copy(added, 0, added.length, output, at);
    const coded = this.framing === Framing.chunked || this.#keepsCoding;
    // RFC 9112 6.1: no transfer coding to HTTP/1.0.
    if (coded && asked.minorVersion === 1) at = copy(CHUNKED_LINE, 0, CHUNKED_LINE.length, output, at);
    const words = connectionLine(line);
    at = copy(words, 0, words.length, output, at);
    // RFC 9110 7.8: whoever sends Upgrade names it in Connection.
    if (this.#offersUpgrade) at = copy(UPGRADE_LINE, 0, UPGRADE_LINE.length, output, at);
    output[at++] = CR;
    output[at++] = LF;
    return at;
  }

  /** RFC 9112 4: version SP 3DIGIT SP [ reason ] CR LF; the space before an empty reason is often left out. */
  #parseLine(bytes: Uint8Array, start: number, end: number): number {
    for (let i = 0; i < VERSION.length; i++) {
      if (start + i >= end) return INCOMPLETE;
      if (bytes[start + i] !== VERSION[i]) return -502;
    }
    let at = start + 13;
    if (end < at) return INCOMPLETE;
    const minor = bytes[start + 7]! - 0x30;
    if ((minor !== 0 && minor !== 1) || bytes[start + 8] !== SP) return -502;
    this.#minorVersion = minor;
    this.isPersistent = minor === 1;
    if (!isDigit(bytes[start + 9]) || !isDigit(bytes[start + 10]) || !isDigit(bytes[start + 11])) return -502;
    this.status = (bytes[start + 9]! - 0x30) * 100 + (bytes[start + 10]! - 0x30) * 10 + bytes[start + 11]! - 0x30;
    if (this.status < 100 || (bytes[start + 12] !== SP && bytes[start + 12] !== CR)) return -502;
    if (bytes[start + 12] === CR) at = start + 12;
    this.#reasonStart = at;
    while (at < end && FIELD_VALUE[bytes[at]!] === 1) at++;
    this.#reasonEnd = at;
    if (at + 1 >= end) return INCOMPLETE;
    return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : -502;
  }

  #interpret(bytes: Uint8Array, asked: Asked): boolean {
    this.framingFields.reset();
    this.#keepsCoding = false;
    this.#keepAliveIndex = -1;
    this.#offersUpgrade = false;
    let connection = 0;
    for (let i = 0; i < this.fields.count; i++) {
      const name = this.fields.name[i]!;
      if (name === Name.other) continue;
      if (name === Name.connection) connection |= readConnection(this.fields, bytes, i);
      if (!this.#readField(bytes, i, name, asked)) return false;
    }
    if ((connection & Connection.tooMany) !== 0) return false;
    if ((connection & Connection.close) !== 0) this.isPersistent = false;
    else if ((connection & Connection.keepAlive) !== 0) this.isPersistent = true;
    return this.#decideFraming(asked);
  }

  #readField(bytes: Uint8Array, index: number, name: number, asked: Asked): boolean {
    switch (name) {
      case Name.contentLength:
        return this.framingFields.takeContentLength(this.fields, bytes, index) === 0;
      case Name.transferEncoding:
        this.fields.dropped[index] = 1;
        return this.framingFields.takeTransferEncoding(this.fields, bytes, index) === 0;
      case Name.keepAlive:
        this.#keepAliveIndex = index;
        this.fields.dropped[index] = 1;
        return true;
      case Name.connection:
      case Name.proxyConnection:
      case Name.client:
        this.fields.dropped[index] = 1;
        return true;
      case Name.trailer:
        this.fields.dropped[index] = asked.takesTrailers ? 0 : 1;
        return true;
      case Name.upgrade:
        // Of use with 101, and with 426, which must say to what (RFC 9110 15.5.22).
        this.#offersUpgrade ||= this.status === 426;
        this.fields.dropped[index] = this.status === 101 || this.status === 426 ? 0 : 1;
        return true;
      default:
        return true;
    }
  }

  /** RFC 9112 6.3, in its order. */
  #decideFraming(asked: Asked): boolean {
    const { isChunked, contentLength, isAmbiguous } = this.framingFields;
    // RFC 9112 6.1: a transfer coding in HTTP/1.0 is faulty framing.
    if (isAmbiguous || (isChunked && this.#minorVersion === 0)) return false;
    if (this.status < 200 || this.status === 204) this.#dropFraming();
    if (asked.isHead || this.status < 200 || this.status === 204 || this.status === 304) {
      this.framing = Framing.none;
      this.#keepsCoding = isChunked && this.status >= 200 && this.status !== 204;
      return true;
    }
    if (isChunked) this.framing = Framing.chunked;
    else if (contentLength >= 0) this.framing = Framing.length;
    else this.framing = Framing.close;
    if (this.framing === Framing.close) this.isPersistent = false;
    return true;
  }

  #dropFraming(): void {
    for (let i = 0; i < this.fields.count; i++) if (isFramingField(this.fields, i)) this.fields.dropped[i] = 1;
  }
}

/** The time that a Keep-Alive field announces, in milliseconds; Infinity if it does not. */
export function keepAliveTimeoutOf(value: string): number {
  const seconds = /(?:^|[,\s])timeout=(\d{1,9})(?:$|[,\s])/i.exec(value)?.[1];
  return seconds === undefined ? Infinity : Number(seconds) * 1_000;
}

function connectionLine(line: ConnectionLine): Uint8Array {
  switch (line) {
    case 'close':
      return CLOSE_LINE;
    case 'keep-alive':
      return KEEP_ALIVE_LINE;
    case 'upgrade':
      return UPGRADE_LINE;
    default:
      return EMPTY;
  }
}

const EMPTY = new Uint8Array(0);
