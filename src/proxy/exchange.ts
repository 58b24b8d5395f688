import type { RequestHead } from '../http/request-head.js';
import { Account } from './account.js';
import type { Balancer, Claimant, Refusal } from './balancer.js';
import type { Book } from './book.js';
import { type End, refusedFor, statusOf } from './end.js';
import { type State, mayMove } from './exchange-state.js';
import type { HttpSession } from './http-session.js';
import type { Lease } from './lease.js';
import { output } from './output.js';
import { patience } from './patience.js';
import { Request, type Sent } from './request.js';
import { Response } from './response.js';
import { MAX_ATTEMPTS, MAX_FAITHFUL, isOwnWant, type Upstream, type UpstreamUser } from './upstream.js';

/** How long a worker that is told of a tunnel's end may have for its last words (ms); then its client is told too. */
const FAREWELL_MS = 500;

/** The requests of one client connection, one at a time, each with a lease, an upstream socket and a response. */
export class Exchange implements Claimant, UpstreamUser {
  readonly account: Account;
  readonly #session: HttpSession;
  readonly #head: RequestHead;
  readonly #balancer: Balancer;
  readonly #request: Request;
  readonly #response: Response;
  #state: State = 'idle';
  #lease: Lease | undefined;
  #upstream: Upstream | undefined;

  constructor(session: HttpSession, head: RequestHead, balancer: Balancer, book: Book) {
    this.#session = session;
    this.#head = head;
    this.#balancer = balancer;
    this.#request = new Request(session, head);
    this.#response = new Response(session);
    this.account = new Account(book);
  }

  /** Begins with the request whose head the shared head describes: bytes[0, headEnd), and what follows up to `length`. */
  begin(bytes: Buffer, headEnd: number, length: number): void {
    if (this.account.begin(this.#session.who)) this.account.line.keepOf(this.#head, bytes);
    this.#request.begin(bytes, headEnd, length);
    this.#response.expect(this.#head);
    this.#claim();
    // Refused at once, it is held for nobody.
    if (this.#state !== 'idle') this.#request.hold();
  }

  get slot(): number | undefined {
    return this.account.attempts > MAX_FAITHFUL ? undefined : this.#request.slot;
  }

  get source(): number | undefined {
    return this.account.attempts > MAX_FAITHFUL ? undefined : this.#session.who.hash;
  }

  claimed(lease: Lease): void {
    this.#lease = lease;
    this.account.claimed(lease.backend);
    this.#response.cookieLine = this.#session.settings.cookies?.lineFor(lease.backend.slot, this.#request.slot);
    this.#response.readsKeepAlive = !lease.backend.hasAgent;
    // Whoever lost a worker takes no idle socket again: others of a dead worker's may not have told of their end yet, while
    // a new connection is refused at once.
    // An upgrade has a connection of its own: the program may not be done yet with the answer before on an idle one.
    const mayReuse = this.account.attempts === 1 && !this.#response.isUpgrade;
    const upstream = mayReuse ? lease.backend.takeIdle(this, this.#request.canReplay) : undefined;
    this.#upstream = upstream ?? lease.backend.connect(this);
    if (upstream === undefined) this.#to('connecting', this.#session.settings.connectTimeout);
    else this.connected(upstream);
  }

  refused(why: Refusal): void {
    this.#fail(refusedFor(why));
  }

  connected(upstream: Upstream): void {
    this.#to('sent', Infinity);
    this.#sent(this.#request.send(upstream, this.#lease!.backend));
  }

  received(upstream: Upstream, bytes: Buffer, length: number): void {
    if (this.#isTunnel) this.#response.sent += length;
    if (this.#state === 'tunnel') {
      this.#session.expireIn(this.#session.settings.tunnelTimeout);
      if (!output.relay(this.#session.client, bytes, length)) upstream.socket.pause();
      return;
    }
    if (this.#state === 'leaving') return void output.relay(this.#session.client, bytes, length);
    if (this.#state !== 'sent') return this.#fail('worker-malformed');
    this.#request.canReplay = false;
    const hadBegun = this.#response.hasBegun;
    const outcome = this.#response.take(bytes, length, upstream.buffer);
    if (!hadBegun && this.#response.hasBegun) this.#begun();
    switch (outcome) {
      case 'complete':
        return this.#maybeConclude();
      case 'backed-up':
        upstream.socket.pause();
        return this.#heard();
      case 'tunnel':
        return this.#becomeTunnel();
      case 'malformed':
        return this.#fail('worker-malformed');
      default:
        return this.#heard();
    }
  }

  /** The worker sent its last byte: the end of a body that nothing else ends, or of a worker. */
  ended(upstream: Upstream): void {
    if (this.#isTunnel) return this.#session.endTunnel();
    this.#response.endWithConnection();
    this.lost(upstream);
  }

  drained(): void {
    if (this.#state === 'sent') {
      this.#request.trim();
      this.#watch();
    }
    this.#session.resume();
  }

  lost(upstream: Upstream, error?: Error): void {
    this.#response.keepsUpstream = false;
    upstream.discard();
    if (this.#isTunnel) return this.#endTunnel(error);
    if (this.#state === 'connecting') return this.#notConnected(error);
    if (this.#request.canReplay) this.#tryAnother('worker-lost');
    else if (this.#response.isComplete) this.#maybeConclude();
    else this.#fail('worker-lost');
  }

  /** The client takes bytes again. */
  clientDrained(): void {
    if (this.#upstream === undefined) return;
    this.#upstream.buffer.isLent = false;
    this.#upstream.socket.resume();
  }

  /** More of the request under way, and perhaps of those behind it. */
  clientSent(bytes: Buffer, length: number): void {
    if (this.#state !== 'sent') this.#session.hold(bytes, 0, length);
    else if (this.#request.isWhole) this.#session.readAhead(bytes, 0, length);
    else this.#sent(this.#request.take(bytes, length, this.#upstream!));
  }

  /** The client sends no more: a request that is not whole by now never will be. */
  clientEnded(): void {
    if (this.#state === 'sent' && !this.#request.isWhole) this.#giveUp();
  }

  /** The present state has lasted too long. */
  expire(): void {
    if (this.#state === 'connecting') return this.lost(this.#upstream!);
    if (this.#state !== 'sent') return;
    if (this.#request.isWorkersTurn) return this.#response.hasBegun ? undefined : this.#fail('timeout-response');
    // While an answer streams, a client may take its time with the rest of its question.
    if (this.#response.isComplete) this.#giveUp();
    else if (this.#response.hasBegun) this.#watch();
    else this.#fail('timeout-body');
  }

  tunnelled(bytes: Buffer, length: number): void {
    if (this.#state === 'leaving') return; // the worker has been told of the end: what comes is read over
    this.#session.expireIn(this.#session.settings.tunnelTimeout);
    if (!output.relay(this.#upstream!.socket, bytes, length)) this.#session.pause();
  }

  tunnelEnded(): void {
    output.flush();
    this.#upstream?.socket.end();
  }

  /** Ends it in whatever state it is, without an answer. */
  cancel(end: End): void {
    // A tunnel is over when one of its ends says so.
    const isOver = this.#isTunnel && end === 'client-left';
    if (this.#isTunnel) this.#upstream?.finish();
    else this.#upstream?.discard();
    this.#end(isOver ? 'complete' : end);
  }

  get #isTunnel(): boolean {
    return this.#state === 'tunnel' || this.#state === 'leaving';
  }

  #to(state: State, ms: number): void {
    if (!mayMove(this.#state, state)) throw new Error(`An exchange cannot move from ${this.#state} to ${state}`);
    this.#state = state;
    this.#session.expireIn(ms);
  }

  #claim(): void {
    this.account.claims();
    this.#to('claiming', Infinity);
    this.#balancer.claim(this, this.account.attempts > 1);
    if (this.#state === 'claiming') this.account.waits();
  }

  #sent(outcome: Sent): void {
    if (outcome !== 'sent' && outcome !== 'backed-up') return this.#fail(outcome);
    if (outcome === 'backed-up') this.#session.pause();
    else this.#session.resume();
    // While the worker is slow to take what came, the client can't be slow to send.
    if (outcome === 'backed-up' && !this.#request.isWhole) this.#session.expireIn(Infinity);
    else this.#watch();
    if (this.#request.isWhole) this.#maybeConclude();
    else if (this.#session.hasEnded) this.#giveUp();
  }

  /** Sets how long the present wait may last: for more of the request, or for the answer to begin; then it takes its time. */
  #watch(): void {
    this.#session.expireIn(patience(this.#request, this.#response.hasBegun, this.#session.settings));
  }

  /** Neither a head that comes byte by byte nor interim responses give a worker more time for its answer. */
  #heard(): void {
    if (this.#response.hasBegun || !this.#request.isWorkersTurn) this.#watch();
  }

  /** Nothing was sent, so anybody may have it. */
  #notConnected(error: Error | undefined): void {
    if (isOwnWant(error)) return this.#tryAnother('exhausted');
    this.#balancer.shun(this.#lease!.backend);
    this.#tryAnother(error === undefined ? 'timeout-connect' : 'worker-unreachable');
  }

  /** @param end how it ends when it was one attempt too many */
  #tryAnother(end: End): void {
    if (this.account.attempts === MAX_ATTEMPTS) return this.#fail(end);
    this.#upstream = undefined;
    this.#lease?.release();
    this.#lease = undefined;
    this.#response.restart();
    this.#claim();
  }

  /**
   * The exchange is over when both messages are. An answer may well come before the request's end; the rest is still
   * read and sent on, so that the connection stays in step, unless the worker closes it, or the client waits for a
   * 100 (Continue) that will not come any more.
   */
  #maybeConclude(): void {
    if (!this.#response.isComplete) return;
    const { isWhole, awaitsContinue } = this.#request;
    if (!isWhole && this.#response.keepsUpstream && !awaitsContinue) return;
    const keepsClient = isWhole && this.#response.keepsClient;
    if (isWhole && this.#response.keepsUpstream)
      this.#lease!.backend.keep(this.#upstream!, this.#response.keepAliveTimeout);
    else this.#upstream!.discard();
    this.#end('complete');
    this.#session.answered(keepsClient);
  }

  /** For a request that will never be whole: what was answered stands, an answer that is cut short is cut short. */
  #giveUp(): void {
    const isCut = this.#response.hasBegun && !this.#response.isComplete;
    this.cancel(this.#response.isComplete ? 'complete' : 'client-left');
    if (isCut) this.#session.cut();
    else this.#session.answered(false);
  }

  #begun(): void {
    this.account.answers(this.#response.status);
    if (this.#response.isEventStream) this.#lease!.lasts(() => this.#fail('retired'));
  }

  #becomeTunnel(): void {
    this.#to('tunnel', Infinity);
    this.#lease!.lasts(() => this.#leave());
    this.#session.becomeTunnel();
  }

  /** Ends a tunnel on both sides behind what is on its way to them: first the worker's, whose last words still pass. */
  #leave(): void {
    this.#to('leaving', FAREWELL_MS);
    this.tunnelEnded();
    this.#session.resume();
  }

  #endTunnel(error: Error | undefined): void {
    output.flush();
    const { client } = this.#session;
    const isLeaving = this.#state === 'leaving';
    this.#end(isLeaving ? 'retired' : error === undefined ? 'complete' : 'worker-lost');
    if (isLeaving) this.#session.answered(false);
    else if (error === undefined) client.destroySoon();
    else this.#session.cut();
  }

  /** Tells the client, if it has not got any byte of an answer; else cuts it off. */
  #fail(end: End): void {
    const status = statusOf(end);
    this.#upstream?.discard();
    const { hasBegun, isHead, mayKeepClient } = this.#response;
    // A request that was read whole leaves the connection in step: it may go on behind the bad news.
    const keepsClient = status >= 500 && this.#state === 'sent' && this.#request.isWhole && mayKeepClient;
    if (!hasBegun) this.account.refuse(end);
    this.#end(end);
    if (hasBegun) this.#session.cut();
    else if (keepsClient) this.#session.tell(status, this.#response);
    else this.#session.refuse(status, isHead);
  }

  #end(end: End): void {
    this.account.close(end, this.#response.sent);
    if (this.#state === 'claiming') this.#balancer.withdraw(this);
    this.#to('idle', Infinity);
    this.#upstream = undefined;
    this.#lease?.release();
    this.#lease = undefined;
  }
}
