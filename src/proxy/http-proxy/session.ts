import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Moves } from '../../core/lifecycle.js';
import { refusal } from '../../http/refusal.js';
import type { Asked } from '../../http/response-head.js';
import { Account } from '../account.js';
import type { Client } from '../client.js';
import type { HttpSettings } from '../http-settings.js';
import { type End, refusedWith } from '../end.js';
import { giveAnswer } from './answering.js';
import { Forwarding } from '../forwarding.js';
import { cut, drop } from '../parting.js';
import type { Engine } from './engine.js';
import type { Exchange } from './exchange.js';

/** How long an idle connection still takes a request when the front stops: one that was sent before the client could know. */
const FINISH_MS = 250;
/** How long a refused client's bytes are read over, so that it reads its answer instead of a reset (RFC 9112 9.6). */
const LINGER_MS = 2_000;
/** What a client is told to wait before it tries again when no worker was ready in time. */
const RETRY_AFTER_SECONDS = 1;
/** With so many requests behind the one under way, a client is not read any more for now. */
const MAX_PIPELINED = 16;
/** RFC 9112 2.2: so many bytes may be empty lines behind a request, which are not the beginning of another. */
const EMPTY_LINES = 4;

/**
 *     idle -> head -> exchange -> idle …
 *     idle -> exchange                       (a whole head between two looks)
 *     exchange -> tunnel                     (101)
 *     idle, head, exchange -> lingering      (refused, or the last answer is given)
 *     any -> closed
 */
type State = 'idle' | 'head' | 'exchange' | 'tunnel' | 'lingering' | 'closed';

const MOVES: Moves<State> = {
  idle: ['head', 'exchange', 'lingering', 'closed'],
  head: ['exchange', 'lingering', 'closed'],
  exchange: ['idle', 'exchange', 'tunnel', 'lingering', 'closed'],
  tunnel: ['lingering', 'closed'],
  lingering: ['closed'],
  closed: [],
};

/** One client connection: Node reads its requests, and they are taken up one by one, in order. */
export class Session {
  readonly client: Socket;
  readonly who: Client;
  readonly #engine: Engine;
  readonly #closed: () => void;
  /** The exchange under way, and those behind it. */
  readonly #exchanges: Exchange[] = [];
  #state: State = 'idle';
  #deadline: number;
  /** How much the client had sent when it became idle. */
  #idleSince: number;
  #clientField: readonly string[] | undefined;
  #forwarding: Forwarding | undefined;
  #hasEnded = false;
  #isFinishing = false;
  /** What the bytes behind the last exchange are to be refused with. */
  #partingStatus: number | undefined;

  constructor(who: Client, engine: Engine, closed: () => void) {
    const client = who.socket;
    this.who = who;
    this.client = client;
    this.#engine = engine;
    this.#closed = closed;
    this.#idleSince = client.bytesRead - who.earlyLength;
    this.#deadline = performance.now() + engine.settings.keepAliveTimeout;
    client
      .on('end', () => this.#ended())
      .on('error', () => {})
      .on('close', () => this.close());
    // Node reads on whenever it reads a body; but if others wait behind that request, it is whole already.
    client.resume = () => (this.#exchanges.length > MAX_PIPELINED ? client : Socket.prototype.resume.call(client));
    // So Node closes a connection behind its last answer, which a reset would overtake if the client still sends.
    client.destroySoon = () => this.#linger();
  }

  get settings(): HttpSettings {
    return this.#engine.settings;
  }

  /** Whether the connection ends with the exchange under way. */
  get isLast(): boolean {
    const isLastAsked = this.#exchanges.length <= 1 && this.#partingStatus === undefined;
    return this.#isFinishing || (this.#hasEnded && isLastAsked);
  }

  /** The field that tells the agent who the client is, as name and value. */
  get clientField(): readonly string[] {
    return (this.#clientField ??= this.who.fieldLine
      .toString('latin1')
      .trimEnd()
      .split(/: (.*)/, 2));
  }

  /** See {@link Client.hash}. */
  get source(): number | undefined {
    return this.who.hash;
  }

  /** The X-Forwarded-* fields, for workers that can't be told otherwise. */
  get forwarding(): Forwarding {
    return (this.#forwarding ??= new Forwarding(this.who, this.#engine.settings.trusts));
  }

  /** Takes up an exchange as soon as those before it are over. */
  take(exchange: Exchange): void {
    if (this.#is('lingering', 'closed')) return exchange.cancel('client-left');
    this.#exchanges.push(exchange);
    if (this.#exchanges.length > MAX_PIPELINED) this.client.pause();
    if (this.#exchanges.length > 1) return;
    this.#to('exchange', Infinity);
    this.#engine.turns.take(() => exchange.begin());
  }

  /** What the client sends is no request: refuses it behind what is under way. */
  spoil(status: number, bytes?: Buffer): void {
    if (this.#is('lingering', 'closed')) return;
    const last = this.#exchanges.at(-1);
    if (last === undefined) this.#turnAway(status, bytes);
    else if (last.isWhole) this.#partingStatus ??= status;
    else last.spoil(status);
  }

  /** Closes the connection behind the answer under way; an idle one soon, since a request may be on its way. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#state === 'idle') this.expireIn(FINISH_MS);
  }

  /** Does what is due when the present state has lasted too long. */
  expire(now: number): void {
    if (this.#state === 'idle' && this.client.bytesRead - this.#idleSince > EMPTY_LINES)
      this.#to('head', this.#engine.settings.headerTimeout);
    if (now < this.#deadline) return;
    this.#deadline = Infinity;
    if (this.#state === 'idle') this.#linger();
    else if (this.#state === 'head') this.#turnAway(408);
    else if (this.#state === 'exchange') this.#exchanges[0]!.expire();
    else if (this.#state === 'lingering') this.close();
  }

  /** Sets when {@link expire} acts, in milliseconds from now. */
  expireIn(ms: number): void {
    this.#deadline = performance.now() + ms;
  }

  /** Answers in the program's place, then closes. Only while no byte of an answer has been sent. */
  refuse(status: number, isHead: boolean): void {
    const retryAfter = status === 503 ? { retryAfter: RETRY_AFTER_SECONDS } : {};
    this.client.write(refusal(status, { isHead, connection: 'close', ...retryAfter }));
    this.#linger();
  }

  /** Answers in the program's place, and goes on. Only for a request that was read whole. */
  tell(status: number, { isHead, minorVersion }: Asked, response: ServerResponse): void {
    const bytes = refusal(status, { isHead, connection: minorVersion === 0 ? 'keep-alive' : 'none' });
    response.once('finish', () => this.answered(true));
    giveAnswer(response, bytes.toString('latin1'));
  }

  /** Cuts the connection, so that the client can tell that its answer is not complete. */
  cut(): void {
    cut(this.client);
    this.close();
  }

  /** From now on the connection speaks another protocol. */
  becomeTunnel(): void {
    this.#to('tunnel', Infinity);
    const { tunnelTimeout } = this.#engine.settings;
    // http-proxy turns the time off as it joins the sockets, in this tick.
    if (tunnelTimeout !== Infinity)
      setImmediate(() => this.client.setTimeout(tunnelTimeout, () => this.close('timeout-idle')));
  }

  /** The worker has left the tunnel: closes it behind what is still to be sent. */
  endTunnel(isLeaving: boolean): void {
    if (isLeaving) this.#linger();
    else this.#destroySoon();
  }

  /** The exchange under way is over, and answered. */
  answered(keepsOpen: boolean): void {
    if (this.#state !== 'exchange') return;
    const isLast = this.isLast;
    this.#exchanges.shift();
    const [next] = this.#exchanges;
    if (!keepsOpen) this.#linger();
    else if (next !== undefined) this.#goOn(next);
    else if (this.#partingStatus !== undefined) this.#turnAway(this.#partingStatus);
    else if (isLast) this.#linger();
    else this.#beIdle();
  }

  /** Ends everything at once. */
  close(end: End = 'client-left'): void {
    if (this.#state === 'closed') return;
    const isCutShort = end === 'stopped' && this.#state === 'exchange';
    this.#to('closed', Infinity);
    for (const exchange of this.#exchanges.splice(0)) exchange.cancel(end);
    // What has not come, or is not with the kernel yet, is lost: then a plain end would make a part look like the whole.
    if (isCutShort) cut(this.client);
    else drop(this.client);
    this.#closed();
  }

  /** Refuses what never became a request. */
  #turnAway(status: number, bytes?: Buffer): void {
    new Account(this.#engine.book).turnAway(refusedWith(status), this.who, bytes);
    this.refuse(status, false);
  }

  #is(...states: readonly State[]): boolean {
    return states.includes(this.#state);
  }

  #to(state: State, ms: number): void {
    if (!MOVES[this.#state].includes(state)) throw new Error(`A session cannot move from ${this.#state} to ${state}`);
    this.#state = state;
    this.expireIn(ms);
  }

  #goOn(next: Exchange): void {
    this.#to('exchange', Infinity);
    if (next.upgrade === undefined) this.client.resume(); // nobody would take what flows before the sockets are joined
    // Not before the worker's socket is back with its agent, or every request would get a new one.
    setImmediate(() => this.#engine.turns.take(() => next.begin()));
  }

  #beIdle(): void {
    this.#idleSince = this.client.bytesRead;
    this.#to('idle', this.#engine.settings.keepAliveTimeout);
    if (this.#isFinishing) this.expireIn(FINISH_MS);
  }

  /** RFC 9112 9.6: says the last word, then reads over what still comes, so that no reset overtakes it. */
  #linger(): void {
    if (this.#is('lingering', 'closed')) return;
    this.#to('lingering', this.#engine.settings.keepAliveTimeout);
    for (const exchange of this.#exchanges.splice(0)) exchange.cancel('client-left');
    // The time runs from the last byte that the kernel took: a client may be slow to read a long answer.
    this.client.end(() => this.expireIn(LINGER_MS));
    this.client.resume();
    if (this.#hasEnded) this.#destroySoon();
  }

  #destroySoon(): void {
    Socket.prototype.destroySoon.call(this.client);
  }

  /** A FIN says only that the client will not send any more: what it asked for is still answered. */
  #ended(): void {
    this.#hasEnded = true;
    if (this.#is('idle', 'head')) this.#linger();
    else if (this.#state === 'exchange') this.#endLast();
    else if (this.#state === 'lingering') this.#destroySoon();
  }

  /** The last request may not be whole, and never will be. Those before it are answered. */
  #endLast(): void {
    const last = this.#exchanges.at(-1)!;
    if (last.isWhole) return;
    if (this.#exchanges.length === 1) return last.clientEnded();
    this.#exchanges.pop();
    last.cancel('client-left');
  }
}
