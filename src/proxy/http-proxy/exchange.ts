import { type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http';
import { Account } from '../account.js';
import type { Claimant, Refusal } from '../balancer.js';
import { type End, refusedFor, refusedWith, statusOf } from '../end.js';
import type { Lease } from '../lease.js';
import { MAX_ATTEMPTS, MAX_FAITHFUL } from '../upstream.js';
import { beginAnswer } from './answering.js';
import { Body, type BodyOwner } from './body.js';
import type { Engine } from './engine.js';
import { MOVES, type State } from './exchange-state.js';
import { type Question, boundsOf, fieldsFor, headersOf, readRequest, readResponse, lineOf, setRight } from './heads.js';
import { lostBy, notConnectedBy } from './loss.js';
import { targetOf } from './package.js';
import type { Session } from './session.js';
import { Upgrade } from './upgrade.js';

/** One request, with its lease, its attempts and its answer. */
export class Exchange implements Claimant, BodyOwner {
  readonly #session: Session;
  readonly #engine: Engine;
  readonly #request: IncomingMessage;
  readonly #body: Body;
  readonly #account: Account;
  /** Where another protocol is asked for: then what the client sends next is not for Node's parser. */
  readonly upgrade: Upgrade | undefined;
  #question: Question | number;
  #response: ServerResponse;
  #lease: Lease | undefined;
  #outgoing: ClientRequest | undefined;
  #state: State = 'waiting';
  /** What had come back on the worker's socket before this request. */
  #bytesBefore = 0;
  #keepsClient = false;

  /** @param early what a client that asks for an upgrade has sent behind its request */
  constructor(session: Session, engine: Engine, request: IncomingMessage, response?: ServerResponse, early?: Buffer) {
    this.#session = session;
    this.#engine = engine;
    this.#request = request;
    this.#account = new Account(engine.book);
    this.#response = response ?? new ServerResponse(request);
    this.#response.on('error', () => {}).on('finish', () => this.#maybeConclude());
    this.#question = readRequest(request, engine.settings);
    this.#body = new Body(request, boundsOf(this.#question, engine.settings), this);
    if (early !== undefined) this.upgrade = new Upgrade(engine.proxy, session.client, request, early);
    if (this.upgrade !== undefined && !this.#body.isWhole) this.#question = 400; // where its body ends, Node leaves open
  }

  /** Whether the client has sent all of the request. */
  get isWhole(): boolean {
    return this.#body.isWhole || this.#request.complete;
  }

  /** Begins, when those before it are over. */
  begin(): void {
    if (this.#state !== 'waiting') return;
    if (this.#account.begin(this.#session.who)) this.#account.line.keepText(lineOf(this.#request));
    if (typeof this.#question === 'number') this.#refuse(refusedWith(this.#question));
    else this.#claim();
  }

  get slot(): number | undefined {
    return this.#account.attempts > MAX_FAITHFUL ? undefined : (this.#question as Question).slot;
  }

  get source(): number | undefined {
    return this.#account.attempts > MAX_FAITHFUL ? undefined : this.#session.source;
  }

  claimed(lease: Lease): void {
    this.#lease = lease;
    this.#account.claimed(lease.backend);
    this.#to('connecting');
    try {
      this.#forward(lease);
    } catch {
      this.#refuse('refused-400'); // a head that passes our reading, but not Node's writing: no fault of the worker's
    }
  }

  refused(why: Refusal): void {
    this.#refuse(refusedFor(why));
  }

  /** http-proxy has a socket for the request; nothing was sent yet. */
  connected(outgoing: ClientRequest): void {
    if (this.#state !== 'connecting') return void outgoing.destroy();
    this.#to('sent');
    this.#outgoing = outgoing;
    this.#bytesBefore = outgoing.socket!.bytesRead;
    outgoing.once('close', () => this.#outgoingClosed(outgoing));
    const { expectsContinue, hasBody } = this.#question as Question;
    this.#session.expireIn(this.#engine.settings[hasBody ? 'bodyTimeout' : 'responseTimeout']);
    if (this.upgrade !== undefined) return;
    setRight(outgoing, this.#question as Question);
    if (expectsContinue && !this.#body.hasBegun) this.#response.writeContinue();
    this.#body.flow();
  }

  /** The head of the worker's answer has come; the body follows it. */
  answered(message: IncomingMessage): void {
    message.on('error', () => {}).once('close', () => message.complete || this.#cutShort());
    if (this.#state !== 'sent') return void message.destroy();
    const answer = readResponse(message, this.#question as Question, this.#mayKeepClient, this.#cookieLine);
    if (answer === undefined || answer.status === 101) return this.#fail('worker-malformed');
    this.#account.answers(answer.status);
    this.#to('answering');
    this.#session.expireIn(this.isWhole ? Infinity : this.#engine.settings.bodyTimeout);
    message.once('end', () => this.#answerEnded());
    this.#keepsClient = answer.keepsClient;
    if (this.upgrade !== undefined) this.upgrade.answerWith(this.#response);
    beginAnswer(this.#response, answer);
    message.on('data', (part: Buffer) => (this.#account.bytes += part.length)).pipe(this.#response);
    if (answer.isEventStream) this.#lease!.lasts(() => this.#fail('retired'));
  }

  /** The worker speaks the other protocol from now on; whether the client may. */
  switched(message: IncomingMessage): boolean {
    const answer =
      this.#state === 'sent' ? readResponse(message, this.#question as Question, true, this.#cookieLine) : undefined;
    if (answer === undefined) this.#fail('worker-malformed');
    if (answer === undefined) return false;
    this.#account.answers(answer.status);
    message.headers = headersOf(answer.lines);
    this.#to('tunnel');
    this.#lease!.lasts(() => this.upgrade!.leave());
    this.#session.becomeTunnel();
    return true;
  }

  /** The worker's connection failed, or what came on it is no HTTP. */
  lost(error: NodeJS.ErrnoException): void {
    const isNothingSent = this.#state === 'connecting';
    const end = isNothingSent ? notConnectedBy(error) : lostBy(error);
    if (isNothingSent && end !== 'exhausted') this.#engine.balancer.shun(this.#lease!.backend);
    if (isNothingSent || (this.#state === 'sent' && this.#canReplay(end))) this.#tryAnother(end);
    else if (this.#is('sent', 'answering', 'tunnel')) this.#fail(end);
  }

  /** A tunnel's end at the worker. */
  tunnelEnded(isLeaving: boolean): void {
    if (this.#state === 'over') return;
    this.#end(isLeaving ? 'retired' : 'complete');
    this.#session.endTunnel(isLeaving);
  }

  bodyMoved(isBackedUp: boolean): void {
    if (this.#is('sent', 'answering', 'answered'))
      this.#session.expireIn(isBackedUp ? Infinity : this.#engine.settings.bodyTimeout);
  }

  bodyEnded(): void {
    if (this.#state === 'sent') this.#session.expireIn(this.#engine.settings.responseTimeout);
    else if (this.#is('answering', 'answered')) this.#session.expireIn(Infinity);
    this.#maybeConclude();
  }

  bodyTooLarge(): void {
    this.#fail('refused-413');
  }

  /** The client sends no more: a request that is not whole by now never will be. */
  clientEnded(): void {
    if (this.#state !== 'tunnel') this.#giveUp();
  }

  /** The rest of the request is no HTTP, or too late: it can't be answered but with `status`. */
  spoil(status: number): void {
    if (this.#state === 'waiting') this.#question = status;
    else this.#fail(refusedWith(status));
  }

  /** The present state has lasted too long. */
  expire(): void {
    if (this.#state === 'sent') this.#fail(this.isWhole ? 'timeout-response' : 'timeout-body');
    // While an answer streams, a client may take its time with the rest of its question.
    else if (this.#state === 'answering') this.#session.expireIn(this.#engine.settings.bodyTimeout);
    else if (this.#state === 'answered') this.#giveUp();
  }

  /** Ends it in whatever state it is, without an answer. */
  cancel(end: End): void {
    // A tunnel is over when one of its ends says so. Behind an answer that is the last, Node closes before it is concluded here.
    const isDone = this.#state === 'tunnel' || this.#response.writableFinished;
    if (this.#state !== 'over') this.#end(isDone && end === 'client-left' ? 'complete' : end);
  }

  #is(...states: readonly State[]): boolean {
    return states.includes(this.#state);
  }

  #to(state: State): void {
    if (!MOVES[this.#state].includes(state)) throw new Error(`An exchange cannot move from ${this.#state} to ${state}`);
    this.#state = state;
  }

  get #mayKeepClient(): boolean {
    return (this.#question as Question).isPersistent && !this.#session.isLast && this.upgrade === undefined;
  }

  #claim(): void {
    this.#account.claims();
    this.#to('claiming');
    this.#session.expireIn(Infinity);
    this.#engine.balancer.claim(this, this.#account.attempts > 1);
    if (this.#is('claiming')) this.#account.waits();
  }

  #forward({ backend }: Lease): void {
    const question = this.#question as Question;
    const attempt = this.#account.attempts;
    const failed = (error: Error) => (attempt === this.#account.attempts ? this.lost(error) : undefined);
    const mayReuse = attempt === 1 && this.upgrade === undefined;
    const agent = this.#engine.agents.agentOf(backend, mayReuse, question, this.#session.who.ends);
    const to = { target: targetOf(backend.address), agent, toProxy: true, selfHandleResponse: true } as const;
    this.#request.headers = headersOf(fieldsFor(backend, question, this.#request, this.#session));
    if (this.upgrade !== undefined) this.upgrade.forward(to, this, question.target, failed);
    else this.#engine.proxy.web(this.#request, this.#response, { ...to, buffer: this.#body.open() }, failed);
  }

  /** What gives the client its cookie, unless it has that already. */
  get #cookieLine(): Buffer | undefined {
    return this.#engine.settings.cookies?.lineFor(this.#lease!.backend.slot, (this.#question as Question).slot);
  }

  #canReplay(end: End): boolean {
    if (end === 'worker-malformed') return false; // an answer, though no good one
    const isSilent = (this.#outgoing?.socket?.bytesRead ?? 0) === this.#bytesBefore;
    return isSilent && (this.#question as Question).isRepeatable && this.#body.isAtHand;
  }

  /** @param end how it ends when it was one attempt too many */
  #tryAnother(end: End): void {
    if (this.#account.attempts === MAX_ATTEMPTS) return this.#fail(end);
    this.#outgoing?.destroy();
    this.#outgoing = undefined;
    this.#body.hold();
    this.#lease?.release();
    this.#lease = undefined;
    this.#claim();
  }

  #answerEnded(): void {
    if (this.#state !== 'answering') return;
    this.#to('answered');
    this.#maybeConclude();
  }

  #cutShort(): void {
    if (this.#state === 'answering') this.#fail('worker-lost');
  }

  /** The worker has got all of the request and given all of its answer, or has closed its connection. */
  #outgoingClosed(outgoing: ClientRequest): void {
    if (this.#outgoing !== outgoing || this.#state !== 'answered') return;
    this.#outgoing = undefined;
    // Node gives the socket back to its agent behind this event, and whoever gets the lease next should find it there.
    process.nextTick(() => {
      this.#lease?.release();
      this.#maybeConclude();
    });
  }

  /**
   * The exchange is over when both messages are. An answer may well come before the request's end; the rest is still read
   * and sent on, so that the connection stays in step, unless the worker closes it.
   */
  #maybeConclude(): void {
    if (this.#state !== 'answered' || this.#outgoing !== undefined || !this.#response.writableFinished) return;
    const keepsClient = this.isWhole && this.#keepsClient;
    this.#end('complete');
    this.#session.answered(keepsClient);
  }

  /** For a request that will never be whole: what was answered stands, an answer that is cut short is cut short. */
  #giveUp(): void {
    const isCut = this.#state === 'answering';
    this.cancel(this.#state === 'answered' ? 'complete' : 'client-left');
    if (isCut) this.#session.cut();
    else this.#session.answered(false);
  }

  /** Tells the client, if it has not got any byte of an answer; else cuts it off. */
  #fail(end: End): void {
    if (this.#state === 'over') return;
    if (this.#is('answering', 'answered', 'tunnel')) {
      this.cancel(end);
      return this.#session.cut();
    }
    // A request that was read whole leaves the connection in step: it may go on behind the bad news.
    const status = statusOf(end);
    const goesOn = status >= 500 && this.isWhole && this.#mayKeepClient;
    if (!goesOn) return this.#refuse(end);
    this.#account.refuse(end);
    this.#end(end);
    this.#session.tell(status, this.#question as Question, this.#response);
  }

  #refuse(end: End): void {
    if (this.#state === 'over') return;
    this.#account.refuse(end);
    this.#end(end);
    this.#session.refuse(statusOf(end), this.#request.method === 'HEAD');
  }

  #end(end: End): void {
    this.#account.close(end, this.#state === 'tunnel' ? this.upgrade!.sent : undefined);
    this.#to('over');
    this.#engine.balancer.withdraw(this);
    this.#outgoing?.destroy();
    this.#body.discard();
    this.#lease?.release();
  }
}
