import { refusalBody } from '../http/refusal.js';
import type { Backend } from './backend.js';
import type { Book } from './book.js';
import type { Client } from './client.js';
import { type End, isOwed, statusOf } from './end.js';
import { RequestLine } from './request-line.js';
import type { Tally } from './tally.js';

const NOBODY: Buffer = Buffer.alloc(0);
const HEAD = Buffer.from('HEAD ');

/**
 * What becomes of one request, or of one connection in tcp mode, from its beginning to its end; then the next one of the same
 * client may use it.
 */
export class Account {
  readonly #book: Book;
  /** Where it comes from, and the first line of what it asks; told only where there is an access log. */
  client: Buffer = NOBODY;
  readonly line = new RequestLine();
  /** Of the answer, without its head. */
  bytes = 0;
  /** Of the worker that had it last; 0: none. */
  generation = 0;
  /** Of the same; -1: none. */
  slot = -1;
  /** Of the answer; 0: none was begun. */
  status = 0;
  /** Until the first byte of the answer; -1: there was none. */
  firstByteMs = -1;
  /** How long it waited for a worker; -1: not at all. */
  heldMs = -1;
  /** How often a worker was asked for. */
  attempts = 0;
  /** By the clock of `performance.now()`. */
  beganAt = 0;
  #heldSince = -1;
  #tally: Tally | undefined;
  #isOpen = false;

  constructor(book: Book) {
    this.#book = book;
  }

  open(): void {
    this.generation = 0;
    this.slot = -1;
    this.client = NOBODY;
    this.bytes = 0;
    this.status = 0;
    this.firstByteMs = -1;
    this.heldMs = -1;
    this.attempts = 0;
    this.#heldSince = -1;
    this.#tally = undefined;
    this.#isOpen = true;
    this.beganAt = performance.now();
    this.#book.begin();
  }

  /** The same for a request; whether its line is worth knowing. */
  begin(who: Client): boolean {
    this.open();
    const isLogged = this.#book.log !== undefined;
    if (isLogged) this.client = who.told;
    return isLogged;
  }

  /** No worker takes it at the moment. */
  waits(): void {
    if (this.heldMs < 0) {
      this.heldMs = 0;
      this.#book.held++;
    }
    this.#heldSince = performance.now();
  }

  /** A worker has it. */
  claimed({ generation, slot, tally }: Backend): void {
    this.#tally = tally;
    this.generation = generation;
    this.slot = slot;
    this.#waitNoMore();
  }

  /** A worker is asked for. */
  claims(): void {
    if (++this.attempts > 1) this.#book.retries++;
  }

  /** The worker's answer begins to go out. */
  answers(status: number): void {
    this.#tally!.count(status);
    this.#begin(status);
  }

  /** It has ended; what has ended before stays as it was. */
  close(end: End, bytes = this.bytes): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.bytes = bytes;
    this.#waitNoMore();
    this.#book.end(this, end, performance.now() - this.beganAt);
    this.line.clear();
  }

  /** The same, with an answer of the front's own. */
  refuse(end: End): void {
    if (!this.#isOpen) return;
    const status = statusOf(end);
    this.bytes = this.line.has(HEAD, 0) ? 0 : refusalBody(status).length;
    if (isOwed(end)) this.#tally?.count(status);
    this.#begin(status);
    this.close(end);
  }

  /** For what never became a request, of which bytes[0, length) have come: it is refused. */
  turnAway(end: End, who: Client, bytes?: Buffer, length = bytes?.length): void {
    if (this.begin(who) && bytes !== undefined) this.line.keepAny(bytes, length);
    this.refuse(end);
  }

  #begin(status: number): void {
    this.status = status;
    this.firstByteMs = performance.now() - this.beganAt;
  }

  #waitNoMore(): void {
    if (this.#heldSince < 0) return;
    this.heldMs += performance.now() - this.#heldSince;
    this.#heldSince = -1;
  }
}
