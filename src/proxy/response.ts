import { Body } from '../http/body.js';
import { LF } from '../http/characters.js';
import type { Coding } from '../http/chunked.js';
import { INCOMPLETE } from '../http/fields.js';
import { Framing } from '../http/framing.js';
import type { RequestHead } from '../http/request-head.js';
import { type ConnectionLine, ResponseHead } from '../http/response-head.js';
import { ByteQueue } from './byte-queue.js';
import type { HttpSession } from './http-session.js';
import { output } from './output.js';
import { READ_SIZE, type ReadBuffer } from './read-buffer.js';

/** The longest response head, in bytes. */
const MAX_HEAD = 32 * 1024;

/** More interim responses than this to one request are a defect of the program. */
const MAX_INTERIMS = 100;

/** Read one at a time, between two ticks; so one place is enough for all. */
const responseHead = new ResponseHead();

/** What became of the bytes: more are wanted, the client can't take them yet, or the response came to an end. */
type Outcome = 'more' | 'backed-up' | 'complete' | 'tunnel' | 'malformed';

/** The answer to one request on its way from the worker to the client. */
export class Response {
  readonly #session: HttpSession;
  readonly #body = new Body();
  readonly #partialHead = new ByteQueue();
  isHead = false;
  /** Whether the request asks for another protocol. */
  isUpgrade = false;
  minorVersion = 1;
  takesTrailers = false;
  /** Whether the worker says itself how long it keeps an idle connection: it has no agent that governs this. */
  readsKeepAlive = false;
  /** How long the worker said that it keeps the connection idle, in milliseconds. */
  keepAliveTimeout = Infinity;
  /** The line that gives the client its cookie, unless it has that already. */
  cookieLine: Uint8Array | undefined;
  /** Whether the worker's connection may serve another request. */
  keepsUpstream = false;
  /** Whether the client's connection may. */
  keepsClient = false;
  /** Whether the client has got a byte of the final answer. */
  hasBegun = false;
  /** The status of the final answer, once it has begun. */
  status = 0;
  /** How many bytes of the answer the client was sent, without its head. */
  sent = 0;
  /** Whether it is a stream of events, which may last as long as its client wants. */
  isEventStream = false;
  #isPersistent = true;
  #isComplete = false;
  #interims = 0;

  constructor(session: HttpSession) {
    this.#session = session;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Whether client and front both want the connection to go on. */
  get mayKeepClient(): boolean {
    return this.#isPersistent && !this.#session.isLast;
  }

  /** Prepares for the answer to a request. */
  expect(request: RequestHead): void {
    this.isHead = request.method.isHead;
    this.minorVersion = request.minorVersion;
    this.takesTrailers = request.takesTrailers;
    this.isUpgrade = request.isUpgrade;
    this.#isPersistent = request.isPersistent;
    this.restart();
  }

  /** Prepares for another worker's answer to the same request. */
  restart(): void {
    this.#isComplete = false;
    this.hasBegun = false;
    this.sent = 0;
    this.isEventStream = false;
    this.#interims = 0;
    this.#partialHead.clear();
  }

  /** Takes bytes that the worker sent. */
  take(bytes: Buffer, length: number, buffer: ReadBuffer): Outcome {
    if (this.#isComplete) return this.#spoil();
    if (this.hasBegun)
      return buffer.isOwn ? this.#lendBody(bytes, length, buffer) : this.#passBody(bytes, length, buffer);
    if (this.#partialHead.length === 0) return this.#takeHead(bytes, 0, length);
    this.#partialHead.append(bytes, 0, length);
    // Only a whole line can complete a head or spoil it.
    const completesLine = bytes.subarray(0, length).includes(LF);
    if (!completesLine && this.#partialHead.length <= MAX_HEAD) return 'more';
    return this.#takeHead(this.#partialHead.bytes, 0, this.#partialHead.length);
  }

  /** The worker has closed its side, which completes an answer that nothing else ends. */
  endWithConnection(): void {
    if (this.hasBegun && this.#body.endsWithConnection) this.#isComplete = true;
  }

  /** Bytes behind the end of an answer: it stands, but the worker's connection is not to be trusted. */
  #spoil(): Outcome {
    this.keepsUpstream = false;
    return 'complete';
  }

  /** Interim responses, as many as there are, and the head of the final one. */
  #takeHead(bytes: Buffer, start: number, end: number): Outcome {
    let outcome: Outcome = 'more';
    for (let from = start; ;) {
      const headEnd = responseHead.parse(bytes, from, end, this);
      if (headEnd < 0 || headEnd - from > MAX_HEAD) return 'malformed';
      if (headEnd === INCOMPLETE) return this.#awaitHead(bytes, from, end) ? outcome : 'malformed';
      if (responseHead.status === 101) return this.#passSwitch(bytes, headEnd, end);
      if (!responseHead.isInterim) return this.#begin(bytes, headEnd, end);
      if (++this.#interims > MAX_INTERIMS) return 'malformed';
      if (!this.#passInterim(bytes)) outcome = 'backed-up';
      from = headEnd;
    }
  }

  /** Keeps a part of a head; false when it is too long to become one. */
  #awaitHead(bytes: Buffer, start: number, end: number): boolean {
    if (end - start > MAX_HEAD) return false;
    if (start === 0 && bytes === this.#partialHead.bytes) return true;
    const rest = Buffer.from(bytes.subarray(start, end));
    this.#partialHead.clear();
    this.#partialHead.append(rest, 0, rest.length);
    return true;
  }

  /** 100, 102 and 103 go on to who understands them (RFC 9110 15.2), and the final answer follows. */
  #passInterim(bytes: Buffer): boolean {
    if (this.minorVersion === 0) return true;
    return output.send(this.#session.client, responseHead.write(bytes, 'none', this, output.bytes, output.start));
  }

  /** RFC 9110 15.2.2: only who asked for another protocol gets one. */
  #passSwitch(bytes: Buffer, headEnd: number, end: number): Outcome {
    if (!this.isUpgrade) return 'malformed';
    this.hasBegun = true;
    this.status = responseHead.status;
    const at = responseHead.write(bytes, 'upgrade', this, output.bytes, output.start, this.cookieLine);
    output.bytes.set(bytes.subarray(headEnd, end), at);
    output.send(this.#session.client, at + end - headEnd);
    this.sent += end - headEnd;
    return 'tunnel';
  }

  #begin(bytes: Buffer, headEnd: number, end: number): Outcome {
    const { framing } = responseHead;
    this.status = responseHead.status;
    // Without a length and without chunks, only the end of the connection can end the body.
    const endsClient = framing === Framing.close || (framing === Framing.chunked && this.minorVersion === 0);
    // A worker that ignores an upgrade may still have taken what stands behind it for another protocol.
    this.keepsUpstream = responseHead.isPersistent && !this.isUpgrade;
    if (this.readsKeepAlive) this.keepAliveTimeout = responseHead.keepAliveTimeout(bytes);
    this.keepsClient = this.mayKeepClient && !endsClient;
    const at = responseHead.write(bytes, this.#connectionLine(), this, output.bytes, output.start, this.cookieLine);
    this.#body.begin(framing, responseHead.contentLength, this.#coding, Infinity);
    const outcome = this.#takeBody(bytes, headEnd, end, at);
    if (outcome !== 'complete') this.isEventStream = responseHead.isEventStream(bytes);
    return outcome;
  }

  /** No chunks to HTTP/1.0 (RFC 9112 7.1), no trailers to who did not ask for them (RFC 9110 6.5.1). */
  get #coding(): Coding {
    if (this.minorVersion === 0) return 'none';
    return this.takesTrailers ? 'chunked with trailers' : 'chunked';
  }

  #connectionLine(): ConnectionLine {
    if (!this.keepsClient) return 'close';
    return this.minorVersion === 0 ? 'keep-alive' : 'none';
  }

  #passBody(bytes: Buffer, length: number, buffer: ReadBuffer): Outcome {
    const outcome = this.#takeBody(bytes, 0, length, output.start);
    // Whoever fills the buffer has more: the rest of a long body is worth a buffer of its own.
    if (length === READ_SIZE && !this.#isComplete && this.#body.isPlain) buffer.takeOwn();
    return outcome;
  }

  /** A part of a long body, from where it lies. */
  #lendBody(bytes: Buffer, length: number, buffer: ReadBuffer): Outcome {
    const consumed = this.#body.count(length);
    if (consumed < length) this.keepsUpstream = false;
    this.sent += consumed;
    const isTaken = output.lend(this.#session.client, bytes.subarray(0, consumed));
    buffer.isLent = !isTaken;
    this.#isComplete = this.#body.isComplete;
    if (this.#isComplete) buffer.giveBack();
    if (this.#isComplete) return 'complete';
    return isTaken ? 'more' : 'backed-up';
  }

  #takeBody(bytes: Buffer, start: number, end: number, at: number): Outcome {
    const consumed = this.#body.pass(bytes, start, end, output.bytes, at);
    if (consumed < 0) return 'malformed';
    if (consumed < end) this.keepsUpstream = false;
    this.hasBegun = true;
    this.sent += this.#body.outputEnd - at;
    this.#partialHead.clear();
    const isTaken = output.send(this.#session.client, this.#body.outputEnd);
    this.#isComplete = this.#body.isComplete;
    if (this.#isComplete) return 'complete';
    return isTaken ? 'more' : 'backed-up';
  }
}
