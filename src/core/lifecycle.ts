import { setMaxListeners } from 'node:events';

/** From each state, the states that may follow it. */
export type Moves<State extends string> = { readonly [S in State]: readonly State[] };

/**
 * Makes a table of moves quick to ask, for who moves several times a request: looking up a property by a name that varies
 * costs more than all the rest of the question.
 */
export function legality<State extends string>(moves: Moves<State>): (from: State, to: State) => boolean {
  const legal = new Map(Object.entries<readonly State[]>(moves).map(([from, to]) => [from, new Set(to)]));
  return (from, to) => legal.get(from)!.has(to);
}

/**
 * A state and the table of its legal moves.
 *
 * What belongs to a state dies with it: timers set by {@link after} and listeners given {@link scope} end when the state
 * is left, so no callback ever runs in a state that it was not written for.
 */
export class Lifecycle<State extends string> {
  readonly #noun: string;
  readonly #moves: Moves<State>;
  #state: State;
  /** Made for whoever asks: a controller costs some microseconds, and most states of most connections need none. */
  #scope: AbortController | undefined;
  #timers: NodeJS.Timeout[] = [];

  /** `noun` names the owner in the error of an illegal move. */
  constructor(noun: string, initial: State, moves: Moves<State>) {
    this.#noun = noun;
    this.#state = initial;
    this.#moves = moves;
  }

  get state(): State {
    return this.#state;
  }

  /** Aborted when the present state is left. Any number may wait for that: impatient operators, say, whose orders come after a reload. */
  get scope(): AbortSignal {
    if (this.#scope === undefined) {
      this.#scope = new AbortController();
      setMaxListeners(0, this.#scope.signal); // beyond 10, Node would warn of a leak on the operator's terminal
    }
    return this.#scope.signal;
  }

  is(...states: readonly State[]): boolean {
    return states.includes(this.#state);
  }

  can(next: State): boolean {
    return this.#moves[this.#state].includes(next);
  }

  /** Moves to `next`; throws when the table does not have that move, which is a defect of the caller. */
  to(next: State): void {
    if (!this.can(next)) throw new Error(`${this.#noun} cannot move from ${this.#state} to ${next}`);
    const left = this.#scope;
    const timers = this.#timers;
    this.#state = next;
    this.#scope = undefined;
    if (timers.length > 0) this.#timers = [];
    for (const timer of timers) clearTimeout(timer);
    left?.abort();
  }

  /** Calls `then` in `ms` milliseconds, unless the present state is left before. */
  after(ms: number, then: () => void): void {
    this.#timers.push(setTimeout(then, ms));
  }
}
