import { Body } from '../http/body.js';
import { copy } from '../http/fields.js';
import type { RequestHead } from '../http/request-head.js';
import type { Balancer, Claimant } from './balancer.js';
import type { HttpSession } from './http-session.js';
import type { Lease } from './lease.js';
import { output } from './output.js';
import { Response } from './response.js';
import type { Upstream, UpstreamUser } from './upstream.js';

/** On how many workers a request is tried before the client is told. */
const MAX_ATTEMPTS = 5;
/** The longest request that is kept to be sent again, in bytes. */
const MAX_REPLAY = 64 * 1024;
/** How long a worker may take to accept a connection. */
const CONNECT_MS = 5_000;
/** How long a client may pause in the middle of a request body. */
const BODY_IDLE_MS = 60_000;

/**
 * One request at a worker:
 *
 *     idle -> claiming -> connecting -> sent -> idle      (claiming -> sent when the pool has a socket)
 *     connecting -> claiming                              (the worker could not be reached: nothing was sent)
 *     sent -> claiming                                    (the worker was lost, and RFC 9110 9.2.2 lets us ask another)
 *     sent -> tunnel -> idle                              (101)
 *     any -> idle                                         (cancelled, or failed)
 */
type State = 'idle' | 'claiming' | 'connecting' | 'sent' | 'tunnel';

/** The requests of one client connection, one at a time, each with a lease, an upstream socket and a response. */
export class Exchange implements Claimant, UpstreamUser {
  readonly #session: HttpSession;
  readonly #head: RequestHead;
  readonly #balancer: Balancer;
  readonly #body = new Body();
  readonly #response: Response;
  #state: State = 'idle';
  #lease: Lease | undefined;
  #upstream: Upstream | undefined;
  #attempts = 0;
  /** Set while the request's bytes lie where they were read, and the shared head describes them. */
  #source: Buffer | undefined;
  #sourceEnd = 0;
  #headEnd = 0;
  #canReplay = false;
  #awaitsContinue = false;

  constructor(session: HttpSession, head: RequestHead, balancer: Balancer) {
    this.#session = session;
    this.#head = head;
    this.#balancer = balancer;
    this.#response = new Response(session);
  }

  get isHead(): boolean {
    return this.#response.isHead;
  }

  /** Begins with the request whose head the shared head describes: bytes[0, headEnd), and what follows up to `length`. */
  begin(bytes: Buffer, headEnd: number, length: number): void {
    this.#attempts = 0;
    this.#canReplay = this.#head.method.isIdempotent;
    this.#awaitsContinue = this.#head.expectsContinue;
    this.#response.expect(this.#head);
    this.#source = bytes;
    this.#headEnd = headEnd;
    this.#sourceEnd = length;
    this.#claim();
    this.#source = undefined;
    const isWaiting = this.#state === 'claiming' || this.#state === 'connecting';
    if (isWaiting && bytes !== this.#session.pending.bytes) this.#session.hold(bytes, 0, length);
  }

  /** Forgets what the last request was. */
  forget(): void {
    this.#response.forget();
  }

  claimed(lease: Lease): void {
    this.#lease = lease;
    // Whoever lost a worker takes no idle socket again: others of a dead worker's may not have told of their end yet, while
    // a new connection is refused at once.
    const upstream = this.#attempts === 1 ? lease.backend.takeIdle(this) : undefined;
    this.#upstream = upstream ?? lease.backend.connect(this);
    if (upstream !== undefined) return this.#send(upstream);
    this.#state = 'connecting';
    this.#session.expireIn(CONNECT_MS);
  }

  refused(): void {
    this.#end();
    this.#session.refuse(503);
  }

  connected(upstream: Upstream): void {
    this.#send(upstream);
  }

  received(upstream: Upstream, bytes: Buffer, length: number): void {
    if (this.#state === 'tunnel') {
      if (!output.relay(this.#session.client, bytes, length)) upstream.socket.pause();
      return;
    }
    if (this.#state !== 'sent') return this.#fail();
    this.#canReplay = false;
    switch (this.#response.take(bytes, length)) {
      case 'complete':
        return this.#maybeConclude();
      case 'backed-up':
        upstream.socket.pause();
        return;
      case 'tunnel':
        return this.#becomeTunnel();
      case 'malformed':
        return this.#fail();
      default:
    }
  }

  /** The worker sent its last byte: the end of a body that nothing else ends, or of a worker. */
  ended(upstream: Upstream): void {
    if (this.#state === 'tunnel') return void this.#session.client.end();
    this.#response.endWithConnection();
    this.lost(upstream);
  }

  drained(): void {
    this.#session.resume();
  }

  lost(upstream: Upstream, error?: Error): void {
    this.#response.keepsUpstream = false;
    upstream.discard();
    if (this.#state === 'tunnel') return this.#endTunnel(error);
    if (this.#state === 'connecting') this.#balancer.shun(this.#lease!.backend);
    if (this.#state === 'connecting' || this.#canReplay) this.#tryAnother();
    else if (this.#response.isComplete) this.#maybeConclude();
    else this.#fail();
  }

  /** The client takes bytes again. */
  clientDrained(): void {
    this.#upstream?.socket.resume();
  }

  /** More of the request under way, and perhaps of those behind it. */
  clientSent(bytes: Buffer, length: number): void {
    if (this.#state !== 'sent') return this.#session.hold(bytes, 0, length);
    this.#awaitsContinue = false;
    if (this.#body.isComplete) return this.#session.readAhead(bytes, 0, length);
    const consumed = this.#body.pass(bytes, 0, length, output.bytes, 0);
    if (consumed === -1) return this.#fail(400);
    this.#keepForReplay(bytes, 0, consumed);
    this.#session.readAhead(bytes, consumed, length);
    this.#sendBody(this.#upstream!, this.#body.outputEnd);
  }

  /** The client sends no more: a request that is not whole by now never will be. */
  clientEnded(): void {
    if (this.#state === 'sent' && !this.#body.isComplete) this.#session.close();
  }

  /** The present state has lasted too long. */
  expire(): void {
    if (this.#state === 'connecting') this.lost(this.#upstream!);
    else if (this.#state === 'sent' && !this.#body.isComplete) this.#fail(408);
  }

  tunnelled(bytes: Buffer, length: number): void {
    const { socket } = this.#upstream!;
    if (!output.relay(socket, bytes, length)) this.#session.pause();
  }

  tunnelEnded(): void {
    this.#upstream?.socket.end();
  }

  /** Ends it in whatever state it is, without an answer. */
  cancel(): void {
    const upstream = this.#upstream;
    if (this.#state === 'tunnel') upstream?.finish();
    else upstream?.discard();
    this.#end();
  }

  #claim(): void {
    this.#attempts++;
    this.#state = 'claiming';
    this.#session.expireIn(Infinity);
    this.#balancer.claim(this);
  }

  /** Head and as much of the body as is here leave in one write. */
  #send(upstream: Upstream): void {
    const { pending } = this.#session;
    const bytes = this.#source ?? pending.bytes;
    const end = this.#source === undefined ? pending.length : this.#sourceEnd;
    // Whoever waited must read the head again: others have used the shared one meanwhile.
    if (this.#source === undefined) this.#headEnd = this.#head.parse(bytes, 0, end);
    const { backend } = this.#lease!;
    this.#state = 'sent';
    let at = upstream.isUsed ? 0 : copy(backend.preface, 0, backend.preface.length, output.bytes, 0);
    at = this.#head.write(bytes, backend.hasAgent ? this.#session.clientLine : undefined, output.bytes, at);
    this.#body.begin(this.#head.framing, this.#head.contentLength);
    const consumed = this.#body.pass(bytes, this.#headEnd, end, output.bytes, at);
    if (consumed === -1) return this.#fail(400);
    this.#setAside(bytes, consumed, end);
    upstream.isUsed = true;
    this.#sendBody(upstream, this.#body.outputEnd);
  }

  /** Keeps what may be needed again, and what belongs to the requests behind this one. */
  #setAside(bytes: Buffer, consumed: number, end: number): void {
    const { pending } = this.#session;
    this.#session.readAhead(bytes, consumed, end);
    if (consumed > MAX_REPLAY) this.#canReplay = false;
    if (!this.#canReplay) pending.clear();
    else if (bytes === pending.bytes) pending.truncate(consumed);
    else pending.append(bytes, 0, consumed);
  }

  #keepForReplay(bytes: Buffer, start: number, end: number): void {
    if (!this.#canReplay) return;
    const { pending } = this.#session;
    if (pending.length + end - start <= MAX_REPLAY) return pending.append(bytes, start, end);
    this.#canReplay = false;
    pending.clear();
  }

  #sendBody(upstream: Upstream, length: number): void {
    if (!output.send(upstream.socket, length)) this.#session.pause();
    else this.#session.resume();
    this.#session.expireIn(this.#body.isComplete ? Infinity : BODY_IDLE_MS);
    if (this.#body.isComplete) this.#maybeConclude();
    else if (this.#session.hasEnded) this.#session.close();
  }

  #tryAnother(): void {
    this.#upstream = undefined;
    this.#lease?.release();
    this.#lease = undefined;
    this.#response.restart();
    if (this.#attempts < MAX_ATTEMPTS) this.#claim();
    else this.#fail();
  }

  /**
   * The exchange is over when both messages are. An answer may well come before the request's end; the rest is still
   * read and sent on, so that the connection stays in step, unless the worker closes it, or the client waits for a
   * 100 (Continue) that will not come any more.
   */
  #maybeConclude(): void {
    if (!this.#response.isComplete) return;
    const isWhole = this.#body.isComplete;
    if (!isWhole && this.#response.keepsUpstream && !this.#awaitsContinue) return;
    const keepsClient = isWhole && this.#response.keepsClient;
    if (isWhole && this.#response.keepsUpstream) this.#lease!.backend.keep(this.#upstream!);
    else this.#upstream!.discard();
    this.#end();
    this.#session.answered(keepsClient);
  }

  #becomeTunnel(): void {
    this.#state = 'tunnel';
    this.#session.becomeTunnel();
  }

  #endTunnel(error: Error | undefined): void {
    const { client } = this.#session;
    this.#end();
    if (error === undefined) client.destroySoon();
    else this.#session.cut();
  }

  /** Tells the client, if it has not got any byte of an answer; else cuts it off. */
  #fail(status = 502): void {
    this.#upstream?.discard();
    const canTell = !this.#response.hasBegun;
    // A request that was read whole leaves the connection in step: it may go on behind the bad news.
    const keepsOpen = status === 502 && this.#state === 'sent' && this.#body.isComplete && this.#response.mayKeepClient;
    this.#end();
    if (!canTell) this.#session.cut();
    else if (keepsOpen) this.#session.tell(status);
    else this.#session.refuse(status);
  }

  #end(): void {
    this.#state = 'idle';
    this.#balancer.withdraw(this);
    this.#upstream = undefined;
    this.#lease?.release();
    this.#lease = undefined;
  }
}
