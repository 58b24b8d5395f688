import type { Socket } from 'node:net';
import { LF, isEmptyLines } from '../http/characters.js';
import { INCOMPLETE } from '../http/fields.js';
import { beginsWithHead } from '../http/method.js';
import { refusal } from '../http/refusal.js';
import { RequestHead } from '../http/request-head.js';
import type { Asked } from '../http/response-head.js';
import type { Balancer } from './balancer.js';
import type { Book } from './book.js';
import { ByteQueue } from './byte-queue.js';
import type { Client } from './client.js';
import { type End, refusedWith } from './end.js';
import { Exchange } from './exchange.js';
import { Forwarding } from './forwarding.js';
import type { HttpSettings } from './http-settings.js';
import { output } from './output.js';
import { cut, drop } from './parting.js';
import { type State, mayMove } from './session-state.js';
import { unsentBytes } from './writing.js';

/** How long an idle connection still takes a request when the front stops: one that was sent before the client could know. */
const FINISH_MS = 250;
/** How long a refused client's bytes are read over, so that it reads its answer instead of a reset (RFC 9112 9.6). */
const LINGER_MS = 2_000;
/** How often the parts of an empty line (RFC 9112 2.2) may begin an idle connection's time anew. */
const MAX_STRAY_LINES = 4;
/** What a client is told to wait before it tries again when no worker was ready in time. */
const RETRY_AFTER_SECONDS = 1;

/** Heads are read one at a time, between two ticks; so one place to read them into is enough for all sessions. */
const requestHead = new RequestHead();

/** Whom the sessions of one public port belong to. */
export interface SessionHost {
  readonly balancer: Balancer;
  readonly book: Book;
  readonly settings: HttpSettings;
  /** The session's connection is closed. */
  left(session: HttpSession): void;
}

/** The client's side of an http connection: finds the requests, hands them to the exchange one by one, in order. */
export class HttpSession {
  readonly who: Client;
  readonly client: Socket;
  /** The bytes of the request under way that may still be needed: not sent yet, or kept to be sent again. */
  pending = new ByteQueue();
  /** Bytes behind the request under way. */
  ahead = new ByteQueue();
  readonly #host: SessionHost;
  readonly #exchange: Exchange;
  #state: State = 'idle';
  /** When {@link expire} acts; negative: that long after it is called next, which spares a look at the clock per request. */
  #deadline: number;
  #forwarding: Forwarding | undefined;
  #strayLines = 0;
  #hasEnded = false;
  #isFinishing = false;
  #isPaused = false;

  constructor(client: Client, host: SessionHost) {
    this.#host = host;
    this.#deadline = performance.now() + host.settings.keepAliveTimeout;
    this.#exchange = new Exchange(this, requestHead, host.balancer, host.book);
    this.who = client;
    this.client = client.read((bytes, length) => this.#received(bytes, length));
    this.client
      .on('end', () => this.#ended())
      .on('drain', () => this.#drained())
      .on('error', () => this.close())
      .on('close', () => this.close());
  }

  get settings(): HttpSettings {
    return this.#host.settings;
  }

  /** Whether the connection ends with the answer under way. */
  get isLast(): boolean {
    return this.#isFinishing || (this.#hasEnded && isEmptyLines(this.ahead.bytes, this.ahead.length));
  }

  /** Whether the client has sent its last byte. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The X-Forwarded-* fields, for workers that can't be told otherwise. */
  get forwarding(): Forwarding {
    this.#forwarding ??= new Forwarding(this.who, this.settings.trusts);
    return this.#forwarding;
  }

  /** Closes the connection behind the answer under way; an idle one soon, since a request may be on its way. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#state === 'idle') this.expireIn(FINISH_MS);
  }

  /** Does what is due when the present state has lasted too long. */
  expire(now: number): void {
    if (this.#deadline < 0) this.#deadline = now - this.#deadline;
    if (now < this.#deadline) return;
    this.#deadline = Infinity;
    if (this.#state === 'idle') this.#linger();
    else if (this.#state === 'head') this.#turnAway(408, this.pending.bytes, this.pending.length);
    else if (this.#state === 'exchange') this.#exchange.expire();
    else this.close(this.#state === 'tunnel' ? 'timeout-idle' : undefined);
  }

  /** Sets when {@link expire} acts, in milliseconds from now. */
  expireIn(ms: number): void {
    this.#deadline = ms === Infinity ? Infinity : performance.now() + ms;
  }

  /** Stops reading the client until {@link resume}: what was read can't be sent on yet. */
  pause(): void {
    this.#isPaused = true;
    this.client.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#isFull) return;
    this.#isPaused = false;
    this.client.resume();
  }

  /** Keeps bytes of the request under way until they can be sent. */
  hold(bytes: Buffer, start: number, end: number): void {
    this.pending.append(bytes, start, end);
    if (this.#isFull) this.pause();
  }

  /** Keeps bytes behind the request under way. */
  readAhead(bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    this.ahead.append(bytes, start, end);
    if (this.#isFull) this.pause();
  }

  /** Answers in the program's place, then closes. Only while no byte of an answer has been sent. */
  refuse(status: number, isHead: boolean): void {
    const retryAfter = status === 503 ? { retryAfter: RETRY_AFTER_SECONDS } : {};
    output.flush();
    this.client.write(refusal(status, { isHead, connection: 'close', ...retryAfter }));
    this.#linger();
  }

  /** Answers in the program's place, and goes on. Only for a request that was read whole. */
  tell(status: number, { isHead, minorVersion }: Asked): void {
    output.flush();
    this.client.write(refusal(status, { isHead, connection: minorVersion === 0 ? 'keep-alive' : 'none' }));
    this.answered(true);
  }

  /** Cuts the connection, so that the client can tell that its answer is not complete. */
  cut(): void {
    output.flush();
    cut(this.client);
    this.close();
  }

  /** From now on the connection speaks another protocol. */
  becomeTunnel(): void {
    this.#to('tunnel', this.settings.tunnelTimeout);
    const { ahead } = this;
    this.ahead = new ByteQueue();
    this.resume();
    if (ahead.length > 0) this.#exchange.tunnelled(ahead.bytes, ahead.length);
    if (this.#hasEnded) this.#exchange.tunnelEnded();
  }

  /** The worker has ended its side of the tunnel. */
  endTunnel(): void {
    output.flush();
    this.client.end();
  }

  /** The answer under way is complete. */
  answered(keepsOpen: boolean): void {
    if (!keepsOpen) this.#linger();
    else if (this.#isUnread) this.#to('stalled', this.settings.keepAliveTimeout);
    else this.#next();
  }

  /** Ends everything at once. */
  close(end: End = 'client-left'): void {
    if (this.#state === 'closed') return;
    const isCutShort = end === 'stopped' && this.#state === 'exchange';
    this.#to('closed', Infinity);
    this.#exchange.cancel(end);
    output.flush();
    // What has not come, or is not with the kernel yet, is lost: then a plain end would make a part look like the whole.
    if (isCutShort) cut(this.client);
    else drop(this.client);
    this.#host.left(this);
  }

  /** Whether the client asks on without reading what it gets. */
  get #isUnread(): boolean {
    return output.isBackedUp(this.client) && unsentBytes(this.client) > this.settings.maxBufferSize;
  }

  get #isFull(): boolean {
    const { maxHeadSize, maxBufferSize } = this.settings;
    return this.pending.length >= maxHeadSize + maxBufferSize || this.ahead.length >= maxBufferSize;
  }

  #to(state: State, ms: number): void {
    if (!mayMove(this.#state, state)) throw new Error(`A session cannot move from ${this.#state} to ${state}`);
    this.#state = state;
    this.expireIn(ms);
  }

  #received(bytes: Buffer, length: number): void {
    switch (this.#state) {
      case 'idle':
        return this.#parse(bytes, length);
      case 'head':
        return this.#parseMore(bytes, length);
      case 'exchange':
        return this.#exchange.clientSent(bytes, length);
      case 'stalled':
        return this.readAhead(bytes, 0, length);
      case 'tunnel':
        return this.#exchange.tunnelled(bytes, length);
      default:
    }
  }

  /** Only a whole line can complete a head or spoil it, so a client that trickles costs little. */
  #parseMore(bytes: Buffer, length: number): void {
    const completesLine = bytes.subarray(0, length).includes(LF);
    this.pending.append(bytes, 0, length);
    if (completesLine || this.pending.length > this.settings.maxHeadSize)
      this.#parse(this.pending.bytes, this.pending.length);
  }

  #parse(bytes: Buffer, length: number): void {
    const { settings } = this;
    const headEnd = requestHead.parse(bytes, 0, length, settings);
    const size = headEnd === INCOMPLETE ? length : headEnd;
    if (size > settings.maxHeadSize) return this.#turnAway(431, bytes, length);
    if (headEnd < 0) return this.#turnAway(-headEnd, bytes, length);
    if (headEnd === INCOMPLETE) return this.#awaitHead(bytes, length);
    // A client that has gone by now has no address; its request must not pass for that of the client before.
    if (this.who.fieldLine.length === 0) return this.close();
    if (requestHead.contentLength > settings.maxBodySize) return this.#turnAway(413, bytes, length);
    this.#strayLines = 0;
    this.#to('exchange', Infinity);
    this.#exchange.begin(bytes, headEnd, length);
  }

  /** Refuses what never became a request. */
  #turnAway(status: number, bytes: Buffer, length: number): void {
    this.#exchange.account.turnAway(refusedWith(status), this.who, bytes, length);
    this.refuse(status, beginsWithHead(bytes, length));
  }

  #awaitHead(bytes: Buffer, length: number): void {
    // RFC 9112 2.2: an empty line behind a request is not the beginning of another.
    if (isEmptyLines(bytes, length)) return this.#hasEnded || this.#isStray() ? this.#linger() : this.#beIdle();
    if (bytes !== this.pending.bytes) this.pending.append(bytes, 0, length);
    if (this.#hasEnded) this.#linger();
    else if (this.#state !== 'head') this.#to('head', this.settings.headerTimeout);
  }

  /** Whether empty lines have brought the connection back to its idle time too often since its last request. */
  #isStray(): boolean {
    if (this.#state === 'head') this.#strayLines++;
    return this.#strayLines > MAX_STRAY_LINES;
  }

  /** The next request, of which some bytes may have been read already. */
  #next(): void {
    if (this.isLast) return this.#linger();
    const { pending, ahead } = this;
    pending.clear();
    this.pending = ahead;
    this.ahead = pending;
    this.resume();
    if (this.pending.length > 0) this.#parse(this.pending.bytes, this.pending.length);
    else this.#beIdle();
  }

  #beIdle(): void {
    this.pending.clear();
    if (this.#state === 'idle') return;
    this.#to('idle', Infinity);
    this.#deadline = -this.settings.keepAliveTimeout;
  }

  /** RFC 9112 9.6: says the last word, then reads over what still comes, so that no reset overtakes it. */
  #linger(): void {
    this.#to('lingering', this.settings.keepAliveTimeout);
    this.pending.clear();
    this.ahead.clear();
    this.#isPaused = false;
    output.flush();
    // The time runs from the last byte that the kernel took: a client may be slow to read a long answer.
    this.client.end(() => this.expireIn(LINGER_MS));
    this.client.resume();
    if (this.#hasEnded) this.client.destroySoon();
  }

  #drained(): void {
    if (this.#state === 'stalled') this.#next();
    else this.#exchange.clientDrained();
  }

  /** A FIN says only that the client will not send any more: what it asked for is still answered. */
  #ended(): void {
    this.#hasEnded = true;
    if (this.#state === 'idle' || this.#state === 'head') this.#linger();
    else if (this.#state === 'exchange') this.#exchange.clientEnded();
    else if (this.#state === 'tunnel') this.#exchange.tunnelEnded();
    else if (this.#state === 'lingering') this.client.destroySoon();
  }
}
