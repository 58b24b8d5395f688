import { randomUUID } from 'node:crypto';
import { Body } from '../http/body.js';
import { MAX_FIELDS, copy } from '../http/fields.js';
import type { HeadBounds, RequestHead } from '../http/request-head.js';
import { MAX_GROWTH } from '../http/trailers.js';
import type { Backend } from './backend.js';
import type { HttpSession } from './http-session.js';
import { output } from './output.js';
import type { Upstream } from './upstream.js';

/** What became of the bytes: they are under way, the worker can't take more yet, or they are refused: no HTTP, or too many. */
export type Sent = 'sent' | 'backed-up' | 'refused-400' | 'refused-413';

/** A head that waited was within the bounds when it came; they may have become narrower since. */
const PASSED: HeadBounds = { maxFields: MAX_FIELDS, maxTargetSize: Infinity };

/** One request on its way from the client to a worker, or, when that one was lost, to another. */
export class Request {
  readonly #session: HttpSession;
  readonly #head: RequestHead;
  readonly #body = new Body();
  /** Set while the request lies where it was read and the shared head describes it. */
  #source: Buffer | undefined;
  #sourceEnd = 0;
  #headEnd = 0;
  /** Whether another worker may get it: RFC 9110 9.2.2 allows it, all of it is at hand, and nothing has come back. */
  canReplay = false;
  /** Whether the client waits for a 100 (Continue) before it sends the body. */
  awaitsContinue = false;
  /** The slot that its client's cookie names; undefined without a good one. */
  slot: number | undefined;
  /** The X-Request-Id that it gets; the same at every worker that it is sent to. */
  #id: string | undefined;

  constructor(session: HttpSession, head: RequestHead) {
    this.#session = session;
    this.#head = head;
  }

  /** Whether all of it has been sent on. */
  get isWhole(): boolean {
    return this.#body.isComplete;
  }

  /** Whether it is the worker that is waited for: it has the whole request, or is to ask for the rest with a 100 (Continue). */
  get isWorkersTurn(): boolean {
    return this.isWhole || this.awaitsContinue;
  }

  /** Takes the request that the shared head describes, bytes[0, headEnd), and what follows up to `length`. */
  begin(bytes: Buffer, headEnd: number, length: number): void {
    this.canReplay = this.#head.method.isIdempotent || this.#head.hasIdempotencyKey;
    this.#id = this.#session.settings.requestId && !this.#head.hasRequestId ? randomUUID() : undefined;
    this.awaitsContinue = this.#head.expectsContinue;
    this.slot = this.#session.settings.cookies?.slotOf(this.#head.fields, bytes);
    this.#source = bytes;
    this.#sourceEnd = length;
    this.#headEnd = headEnd;
  }

  /** Keeps the bytes of a request that could not be sent at once; what they were read into is used again. */
  hold(): void {
    const source = this.#source;
    this.#source = undefined;
    if (source !== undefined && source !== this.#session.pending.bytes) this.#session.hold(source, 0, this.#sourceEnd);
  }

  /** Sends the head and as much of the body as is here, in one write if it fits. */
  send(upstream: Upstream, backend: Backend): Sent {
    const { pending } = this.#session;
    const bytes = this.#source ?? pending.bytes;
    const end = this.#source === undefined ? pending.length : this.#sourceEnd;
    // Whoever waited must read the head again: others have used the shared one meanwhile.
    if (this.#source === undefined) this.#headEnd = this.#head.parse(bytes, 0, end, PASSED);
    this.#source = undefined;
    const at = this.#writeHead(bytes, upstream, backend);
    const { framing, contentLength } = this.#head;
    this.#body.begin(framing, contentLength, 'chunked with trailers', this.#session.settings.maxBodySize);
    return this.#passBody(bytes, end, at, upstream);
  }

  /** Sends on more of the body; what belongs to later requests is kept. */
  take(bytes: Buffer, length: number, upstream: Upstream): Sent {
    this.awaitsContinue = false;
    const consumed = this.#body.pass(bytes, 0, length, output.bytes, output.start);
    if (consumed < 0) return consumed === -413 ? 'refused-413' : 'refused-400';
    this.#keepForReplay(bytes, consumed);
    this.#session.readAhead(bytes, consumed, length);
    return output.send(upstream.socket, this.#body.outputEnd) ? 'sent' : 'backed-up';
  }

  /** Keeps no more for another worker than is allowed by now: a configuration that was read anew may have lowered it. */
  trim(): void {
    if (this.#session.pending.length <= this.#session.settings.maxBufferSize) return;
    this.canReplay = false;
    this.#session.pending.clear();
  }

  #writeHead(bytes: Buffer, upstream: Upstream, backend: Backend): number {
    const { start } = output;
    const at = upstream.isUsed ? start : this.#open(backend, start);
    upstream.isUsed = true;
    return this.#head.write(bytes, this.#added(bytes, backend), output.bytes, at);
  }

  #open(backend: Backend, start: number): number {
    const opening = backend.openingFor(this.#session.who.ends);
    return copy(opening, 0, opening.length, output.bytes, start);
  }

  /** The lines that are zdlb's own; the agent looks for its own in the first place. */
  #added(bytes: Buffer, { showsClients }: Backend): Buffer | undefined {
    const { settings } = this.#session;
    const clientLine = this.#session.who.fieldLine;
    const forwards = settings.forwarded === 'on' || (settings.forwarded === 'auto' && !showsClients);
    if (!forwards && this.#id === undefined) return showsClients ? clientLine : undefined;
    const forwarded = forwards ? this.#session.forwarding.replace(this.#head, bytes) : '';
    const id = this.#id === undefined ? '' : `X-Request-Id: ${this.#id}\r\n`;
    return Buffer.concat([showsClients ? clientLine : NOTHING, Buffer.from(forwarded + id, 'latin1')]);
  }

  /** More may have been held than the output buffer takes at once. */
  #passBody(bytes: Buffer, end: number, outputStart: number, upstream: Upstream): Sent {
    let outcome: Sent = 'sent';
    let from = this.#headEnd;
    let at = outputStart;
    do {
      const until = Math.min(end, from + output.bytes.length - at - MAX_GROWTH);
      const consumed = this.#body.pass(bytes, from, until, output.bytes, at);
      if (consumed < 0) return consumed === -413 ? 'refused-413' : 'refused-400';
      if (!output.send(upstream.socket, this.#body.outputEnd)) outcome = 'backed-up';
      from = consumed;
      at = output.start;
    } while (from < end && !this.#body.isComplete);
    this.#setAside(bytes, from, end);
    return outcome;
  }

  /** Keeps what may be needed again, and what belongs to the requests behind this one. */
  #setAside(bytes: Buffer, consumed: number, end: number): void {
    const { pending } = this.#session;
    this.#session.readAhead(bytes, consumed, end);
    if (consumed > this.#session.settings.maxBufferSize) this.canReplay = false;
    if (!this.canReplay) pending.clear();
    else if (bytes === pending.bytes) pending.truncate(consumed);
    else pending.append(bytes, 0, consumed);
  }

  #keepForReplay(bytes: Buffer, end: number): void {
    if (!this.canReplay) return;
    const { pending } = this.#session;
    if (pending.length + end <= this.#session.settings.maxBufferSize) return pending.append(bytes, 0, end);
    this.canReplay = false;
    pending.clear();
  }
}

const NOTHING = Buffer.alloc(0);
