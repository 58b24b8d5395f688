import { type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http';
import type { Claimant } from '../balancer.js';
import type { Backend } from '../backend.js';
import type { Lease } from '../lease.js';
import { MAX_ATTEMPTS, MAX_FAITHFUL, isOwnWant } from '../upstream.js';
import { beginAnswer } from './answering.js';
import { Body, type BodyOwner } from './body.js';
import type { Engine } from './engine.js';
import { MOVES, type State } from './exchange-state.js';
import { type Question, forwardedLines, headersOf, readRequest, readResponse, setRight } from './heads.js';
import { targetOf } from './package.js';
import type { Session } from './session.js';
import { Upgrade } from './upgrade.js';

/** One request, with its lease, its attempts and its answer. */
export class Exchange implements Claimant, BodyOwner {
  readonly #session: Session;
  readonly #engine: Engine;
  readonly #request: IncomingMessage;
  readonly #body: Body;
  readonly #upgrade: Upgrade | undefined;
  #question: Question | number;
  #response: ServerResponse;
  #lease: Lease | undefined;
  #outgoing: ClientRequest | undefined;
  #state: State = 'waiting';
  #attempts = 0;
  /** What had come back on the worker's socket before this request. */
  #bytesBefore = 0;
  #keepsClient = false;

  /** @param early what a client that asks for an upgrade has sent behind its request */
  constructor(session: Session, engine: Engine, request: IncomingMessage, response?: ServerResponse, early?: Buffer) {
    this.#session = session;
    this.#engine = engine;
    this.#request = request;
    this.#response = response ?? new ServerResponse(request);
    this.#response.on('error', () => {}).on('finish', () => this.#maybeConclude());
    this.#question = readRequest(request, engine.settings);
    const { hasBody = false, isRepeatable = false } = typeof this.#question === 'number' ? {} : this.#question;
    const { maxBodySize, maxBufferSize } = engine.settings;
    this.#body = new Body(request, hasBody, { max: maxBodySize, maxKept: isRepeatable ? maxBufferSize : 0 }, this);
    if (early !== undefined) this.#upgrade = new Upgrade(engine.proxy, session.client, request, early);
    if (this.#upgrade !== undefined && hasBody) this.#question = 400; // where its body ends, Node leaves open
  }

  /** Whether the client has sent all of the request. */
  get isWhole(): boolean {
    return this.#body.isWhole || this.#request.complete;
  }

  /** Begins, when those before it are over. */
  begin(): void {
    if (this.#state !== 'waiting') return;
    if (typeof this.#question === 'number') this.#refuse(this.#question);
    else this.#claim();
  }

  get slot(): number | undefined {
    return this.#attempts > MAX_FAITHFUL ? undefined : (this.#question as Question).slot;
  }

  get source(): number | undefined {
    return this.#attempts > MAX_FAITHFUL ? undefined : this.#session.source;
  }

  claimed(lease: Lease): void {
    this.#lease = lease;
    this.#to('connecting');
    try {
      this.#forward(lease.backend);
    } catch {
      this.#refuse(502); // a head that passes our reading, but not Node's writing: no fault of the worker's
    }
  }

  refused(): void {
    this.#refuse(503);
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
    if (this.#upgrade !== undefined) return;
    setRight(outgoing, this.#question as Question);
    if (expectsContinue && !this.#body.hasBegun) this.#response.writeContinue();
    this.#body.flow();
  }

  /** The head of the worker's answer has come; the body follows it. */
  answered(message: IncomingMessage): void {
    message.on('error', () => {}).once('close', () => message.complete || this.#cutShort());
    if (this.#state !== 'sent') return void message.destroy();
    const mayKeepClient = this.#mayKeepClient && this.#upgrade === undefined;
    const answer = readResponse(message, this.#question as Question, mayKeepClient, this.#cookieLine);
    if (answer === undefined || answer.status === 101) return this.#fail(502);
    this.#lease!.backend.tally.count(answer.status);
    this.#to('answering');
    this.#session.expireIn(this.isWhole ? Infinity : this.#engine.settings.bodyTimeout);
    message.once('end', () => this.#answerEnded());
    this.#keepsClient = answer.keepsClient;
    if (this.#upgrade !== undefined) this.#upgrade.answerWith(this.#response);
    beginAnswer(this.#response, answer);
    message.pipe(this.#response);
    if (answer.isEventStream) this.#lease!.lasts(() => this.#fail(502));
  }

  /** The worker speaks the other protocol from now on; whether the client may. */
  switched(message: IncomingMessage): boolean {
    const answer =
      this.#state === 'sent' ? readResponse(message, this.#question as Question, true, this.#cookieLine) : undefined;
    if (answer === undefined) this.#fail(502);
    else {
      this.#lease!.backend.tally.count(answer.status);
      message.headers = headersOf(answer.lines) as IncomingMessage['headers'];
      this.#to('tunnel');
      this.#lease!.lasts(() => this.#upgrade!.leave());
      this.#session.becomeTunnel();
    }
    return answer !== undefined;
  }

  /** The worker's connection failed, or what came on it is no HTTP. */
  lost(error: NodeJS.ErrnoException): void {
    if (this.#state === 'connecting') {
      if (!isOwnWant(error)) this.#engine.balancer.shun(this.#lease!.backend);
      this.#tryAnother(isOwnWant(error) ? 503 : 502);
    } else if (this.#state === 'sent' && this.#canReplay(error)) this.#tryAnother(502);
    else if (this.#is('sent', 'answering', 'tunnel')) this.#fail(502);
  }

  /** A tunnel's end at the worker. */
  tunnelEnded(isLeaving: boolean): void {
    if (this.#state === 'over') return;
    this.#end();
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
    this.#fail(413);
  }

  /** The client sends no more: a request that is not whole by now never will be. */
  clientEnded(): void {
    if (this.#state !== 'tunnel') this.#giveUp();
  }

  /** The rest of the request is no HTTP, or too late: it can't be answered but with `status`. */
  spoil(status: number): void {
    if (this.#state === 'waiting') this.#question = status;
    else this.#fail(status);
  }

  /** The present state has lasted too long. */
  expire(): void {
    if (this.#state === 'sent') this.#fail(this.isWhole ? 504 : 408);
    // While an answer streams, a client may take its time with the rest of its question.
    else if (this.#state === 'answering') this.#session.expireIn(this.#engine.settings.bodyTimeout);
    else if (this.#state === 'answered') this.#giveUp();
  }

  /** Ends it in whatever state it is, without an answer. */
  cancel(): void {
    if (this.#state !== 'over') this.#end();
  }

  #is(...states: readonly State[]): boolean {
    return states.includes(this.#state);
  }

  #to(state: State): void {
    if (!MOVES[this.#state].includes(state)) throw new Error(`An exchange cannot move from ${this.#state} to ${state}`);
    this.#state = state;
  }

  get #mayKeepClient(): boolean {
    return (this.#question as Question).isPersistent && !this.#session.isLast;
  }

  #claim(): void {
    this.#attempts++;
    this.#to('claiming');
    this.#session.expireIn(Infinity);
    this.#engine.balancer.claim(this, this.#attempts > 1);
  }

  #forward(backend: Backend): void {
    const attempt = this.#attempts;
    const failed = (error: Error) => (attempt === this.#attempts ? this.lost(error) : undefined);
    const mayReuse = attempt === 1 && this.#upgrade === undefined;
    const agent = this.#engine.agents.agentOf(backend, mayReuse, this.#question as Question, this.#session.who.ends);
    const to = { target: targetOf(backend.address), agent, toProxy: true, selfHandleResponse: true } as const;
    this.#request.headers = headersOf(this.#fieldsFor(backend)) as IncomingMessage['headers'];
    if (this.#upgrade !== undefined) this.#upgrade.forward(to, this, (this.#question as Question).target, failed);
    else this.#engine.proxy.web(this.#request, this.#response, { ...to, buffer: this.#body.open() }, failed);
  }

  /** The field lines that the worker gets. The agent expects the client's address in the first of them. */
  #fieldsFor(backend: Backend): readonly string[] {
    const { lines, added } = this.#question as Question;
    const { forwarded } = this.#engine.settings;
    const forwards = forwarded === 'on' || (forwarded === 'auto' && !backend.showsClients);
    const own = backend.showsClients ? this.#session.clientField : [];
    return [...own, ...(forwards ? forwardedLines(this.#request, this.#session.forwarding) : lines), ...added];
  }

  /** What gives the client its cookie, unless it has that already. */
  get #cookieLine(): Buffer | undefined {
    return this.#engine.settings.cookies?.lineFor(this.#lease!.backend.slot, (this.#question as Question).slot);
  }

  #canReplay(error: NodeJS.ErrnoException): boolean {
    if (error.code?.startsWith('HPE_') === true) return false; // an answer, though no good one
    const isSilent = (this.#outgoing?.socket?.bytesRead ?? 0) === this.#bytesBefore;
    return isSilent && (this.#question as Question).isRepeatable && this.#body.isAtHand;
  }

  /** @param status what the client is told when it was one attempt too many */
  #tryAnother(status: number): void {
    if (this.#attempts === MAX_ATTEMPTS) return this.#fail(status);
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
    if (this.#state === 'answering') this.#fail(502);
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
    this.#end();
    this.#session.answered(keepsClient);
  }

  /** For a request that will never be whole: what was answered stands, an answer that is cut short is cut short. */
  #giveUp(): void {
    const isCut = this.#state === 'answering';
    this.cancel();
    if (isCut) this.#session.cut();
    else this.#session.answered(false);
  }

  /** Tells the client, if it has not got any byte of an answer; else cuts it off. */
  #fail(status: number): void {
    if (this.#state === 'over') return;
    if (this.#is('answering', 'answered', 'tunnel')) {
      this.cancel();
      return this.#session.cut();
    }
    this.#lease?.backend.tally.countInPlace(status);
    // A request that was read whole leaves the connection in step: it may go on behind the bad news.
    const goesOn = status >= 500 && this.isWhole && this.#upgrade === undefined && this.#mayKeepClient;
    if (!goesOn) return this.#refuse(status);
    this.#end();
    this.#session.tell(status, this.#question as Question, this.#response);
  }

  #refuse(status: number): void {
    if (this.#state === 'over') return;
    this.#end();
    this.#session.refuse(status, this.#request.method === 'HEAD');
  }

  #end(): void {
    this.#to('over');
    this.#engine.balancer.withdraw(this);
    this.#outgoing?.destroy();
    this.#body.discard();
    this.#lease?.release();
  }
}
