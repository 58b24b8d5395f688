import { Histogram } from '../core/histogram.js';
import type { AccessLog } from './access-log.js';
import type { Account } from './account.js';
import { type End, isFailure } from './end.js';

/** No generation has this number. */
const NOBODY = -1;
/** Statuses by their first digit; 0: no answer. A worker may send any of three digits. */
const CLASSES = 10;

/** How the requests ended that one generation had, or none. */
export class Outcomes {
  /** 0: requests that never had a worker. */
  readonly generation: number;
  readonly ends = new Map<End, number>();
  /** By the first digit of the status. */
  readonly classes: number[] = Array.from({ length: CLASSES }, () => 0);

  constructor(generation: number) {
    this.generation = generation;
  }

  count(end: End, status: number): void {
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
    this.classes[Math.trunc(status / 100)]!++;
  }
}

/** How many of all that came since the start. */
export interface Totals {
  /** All that have begun. */
  readonly total: number;
  /** See {@link isFailure}. */
  readonly failed: number;
  /** That another worker was asked for, at least once. */
  readonly retried: number;
  /** That had to wait for a worker. */
  readonly held: number;
}

/** What happened to the requests of a front, or to its connections in tcp mode: numbers that only grow. */
export class Book implements Totals {
  total = 0;
  failed = 0;
  retried = 0;
  held = 0;
  /** How often another worker was asked. */
  retries = 0;
  /** From the request's head to the end of its answer. */
  readonly latency = new Histogram();
  /** To the first byte of the answer, where there was one. */
  readonly firstByte = new Histogram();
  /** How long they waited for a worker, of those that had to. */
  readonly wait = new Histogram();
  readonly #generations = new Map<number, Outcomes>();
  /** Whose it was last, which is mostly whose it is next. */
  #latest = new Outcomes(NOBODY);
  #ended = 0;
  /** Where each is written down. */
  log: AccessLog | undefined;

  /** How many are under way. */
  get inFlight(): number {
    return this.total - this.#ended;
  }

  get outcomes(): readonly Outcomes[] {
    return [...this.#generations.values()];
  }

  /** Called by an account that is opened. */
  begin(): void {
    this.total++;
  }

  /** Called by an account that is closed. */
  end(account: Account, end: End, ms: number): void {
    const { generation, status, firstByteMs, heldMs, attempts } = account;
    this.#ended++;
    this.#outcomesOf(generation).count(end, status);
    this.latency.observe(ms);
    if (firstByteMs >= 0) this.firstByte.observe(firstByteMs);
    if (heldMs >= 0) this.wait.observe(heldMs);
    if (attempts > 1) this.retried++;
    if (isFailure(end, status)) this.failed++;
    this.log?.write(account, end, ms);
  }

  /** Forgets the generations that are not among `live`, but for the last `kept` of them. */
  retain(live: ReadonlySet<number>, kept: number): void {
    const past = [...this.#generations.keys()].filter((generation) => generation !== 0 && !live.has(generation));
    for (const generation of past.toSorted((one, other) => other - one).slice(kept)) this.#forget(generation);
  }

  #forget(generation: number): void {
    this.#generations.delete(generation);
    if (this.#latest.generation === generation) this.#latest = new Outcomes(NOBODY);
  }

  #outcomesOf(generation: number): Outcomes {
    if (this.#latest.generation === generation) return this.#latest;
    const known = this.#generations.get(generation);
    const outcomes = known ?? new Outcomes(generation);
    if (known === undefined) this.#generations.set(generation, outcomes);
    return (this.#latest = outcomes);
  }
}
