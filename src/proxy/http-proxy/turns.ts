/** How many requests are taken up in one turn of the event loop. */
const MAX_PER_TURN = 32;

/**
 * Spreads the beginnings of many requests over several turns of the event loop.
 *
 * Since libuv 1.45 a listening socket accepts one connection a turn. A turn that takes up a request of each of 500 busy clients
 * lasts as long as their 500 exchanges, a tenth of a second here: new clients would come in at ten a second, and the last of
 * many wait for longer than they like.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #begun = 0;

  /** Calls `begin` now, or in one of the next turns, behind those that wait already. */
  take(begin: () => void): void {
    if (this.#begun === 0) setImmediate(() => this.#turn());
    if (this.#begun >= MAX_PER_TURN) return void this.#waiting.push(begin);
    this.#begun++;
    begin();
  }

  #turn(): void {
    this.#begun = 0;
    for (const begin of this.#waiting.splice(0, MAX_PER_TURN)) this.take(begin);
  }
}
