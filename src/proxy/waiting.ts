import type { Claimant } from './balancer.js';

/** A claim that waits: in the line of those who want one slot's worker, or of those who take anybody. */
class Wait {
  readonly claimant: Claimant;
  /** Milliseconds of the monotonic clock. */
  readonly since: number;
  /** Who has the lower one is served first. */
  readonly rank: number;
  line: Line | undefined;
  before: Wait | undefined;
  behind: Wait | undefined;

  constructor(claimant: Claimant, since: number, rank: number) {
    this.claimant = claimant;
    this.since = since;
    this.rank = rank;
  }
}

/** First in, first out; who gives up steps out of the middle. Linked, so that neither costs more when many wait. */
class Line {
  first: Wait | undefined;
  #last: Wait | undefined;

  append(wait: Wait): void {
    wait.line = this;
    wait.before = this.#last;
    if (this.#last === undefined) this.first = wait;
    else this.#last.behind = wait;
    this.#last = wait;
  }

  prepend(wait: Wait): void {
    wait.line = this;
    wait.behind = this.first;
    if (this.first === undefined) this.#last = wait;
    else this.first.before = wait;
    this.first = wait;
  }

  remove(wait: Wait): void {
    if (wait.before === undefined) this.first = wait.behind;
    else wait.before.behind = wait.behind;
    if (wait.behind === undefined) this.#last = wait.before;
    else wait.behind.before = wait.before;
    wait.line = undefined;
    wait.before = undefined;
    wait.behind = undefined;
  }
}

/** The claims that wait for a backend with room. */
export class Waiting {
  /** In the order in which they came. */
  readonly #waits = new Map<Claimant, Wait>();
  readonly #forAnybody = new Line();
  readonly #forSlot = new Map<number, Line>();
  #lastRank = 0;
  #firstRank = 0;

  get size(): number {
    return this.#waits.size;
  }

  /** Since when the first one waits; undefined when nobody does. */
  get since(): number | undefined {
    const [first] = this.#waits.values();
    return first?.since;
  }

  has(claimant: Claimant): boolean {
    return this.#waits.has(claimant);
  }

  /**
   * @param slot whose worker is waited for; undefined: anybody's
   * @param isFirst whether it goes before all others
   */
  add(claimant: Claimant, slot: number | undefined, since: number, isFirst: boolean): void {
    const wait = new Wait(claimant, since, isFirst ? --this.#firstRank : ++this.#lastRank);
    this.#waits.set(claimant, wait);
    if (isFirst) this.#lineOf(slot).prepend(wait);
    else this.#lineOf(slot).append(wait);
  }

  remove(claimant: Claimant): void {
    const wait = this.#waits.get(claimant);
    if (wait !== undefined) this.#remove(wait);
  }

  /** Takes out the one who is next for a worker of `slot`. */
  takeNext(slot: number): Claimant | undefined {
    const own = this.#forSlot.get(slot)?.first;
    const any = this.#forAnybody.first;
    const next = own !== undefined && (any === undefined || own.rank < any.rank) ? own : any;
    if (next !== undefined) this.#remove(next);
    return next?.claimant;
  }

  /** Takes out those who wait since `moment`, or longer. */
  takeSince(moment: number): readonly Claimant[] {
    const due: Claimant[] = [];
    for (const wait of this.#waits.values()) {
      if (wait.since > moment) break;
      this.#remove(wait);
      due.push(wait.claimant);
    }
    return due;
  }

  /** All of them in their order, out of their lines, for {@link line} to put them into others. */
  unline(): readonly Claimant[] {
    const waits = [...this.#waits.values()].toSorted((one, other) => one.rank - other.rank);
    for (const wait of waits) wait.line?.remove(wait);
    return waits.map(({ claimant }) => claimant);
  }

  /** Puts a claimant that was taken out of its line at the end of another. */
  line(claimant: Claimant, slot: number | undefined): void {
    const wait = this.#waits.get(claimant);
    if (wait !== undefined && wait.line === undefined) this.#lineOf(slot).append(wait);
  }

  #remove(wait: Wait): void {
    wait.line?.remove(wait);
    this.#waits.delete(wait.claimant);
  }

  #lineOf(slot: number | undefined): Line {
    if (slot === undefined) return this.#forAnybody;
    const known = this.#forSlot.get(slot);
    if (known !== undefined) return known;
    const line = new Line();
    this.#forSlot.set(slot, line);
    return line;
  }
}
