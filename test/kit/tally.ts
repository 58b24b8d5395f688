import { EventEmitter, once } from 'node:events';
import type { Failure, Lapse } from './raw-client.ts';

/**
 * Everything that can happen to a request or to its connection. `wrong-content`: a proper response, but not to this
 * request. `closed-by-server` counts connections, not requests.
 */
export type Outcome = 'ok' | `status-${number}` | 'wrong-content' | 'refused' | Failure | Lapse;

/** How long a version or a worker may take to answer its first request. */
const ANSWER_MS = 15_000;
const EXAMPLES = 5;

/** What became of every request of one load. */
export class Tally {
  readonly #name: string;
  readonly #answers = new EventEmitter();
  /** How often each outcome came about. */
  readonly outcomes: Partial<Record<Outcome, number>> = {};
  /** A few lines about what went wrong. */
  readonly examples: string[] = [];
  /** The ids of the requests that got no proper response. */
  readonly failed: string[] = [];
  /** The code versions, and the processes, that answered. */
  readonly versions = new Set<string>();
  readonly pids = new Set<string>();
  /** How many requests were begun. */
  issued = 0;
  /** How many connections were opened. */
  connections = 0;

  /** `name` sets this load's ids apart from those of other loads in the same ledger. */
  constructor(name: string) {
    this.#name = name;
  }

  /** The id of the next request. */
  issue(): string {
    return this.#id(++this.issued);
  }

  /** Every id issued. */
  *ids(): Generator<string> {
    for (let number = 1; number <= this.issued; number++) yield this.#id(number);
  }

  count(outcome: Outcome, id?: string, detail = ''): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    if (outcome === 'ok') return void this.#answers.emit('ok');
    if (id !== undefined) this.failed.push(id);
    if (this.examples.length < EXAMPLES) this.examples.push([outcome, id, detail].filter(Boolean).join(' '));
  }

  /** Notes who answers, from the head of a response. */
  saw(fields: ReadonlyMap<string, string>): void {
    this.#note(this.versions, 'version', fields.get('x-version'));
    this.#note(this.pids, 'pid', fields.get('x-pid'));
  }

  /** Resolves once a response has come from that code version, or process. */
  async answeredBy(kind: 'version' | 'pid', wanted: string | number): Promise<void> {
    const seen = kind === 'version' ? this.versions : this.pids;
    if (seen.has(String(wanted))) return;
    try {
      await once(this.#answers, `${kind} ${wanted}`, { signal: AbortSignal.timeout(ANSWER_MS) });
    } catch {
      throw new Error(`No answer from ${kind} ${wanted} within ${ANSWER_MS} ms: ${this.toString()}`);
    }
  }

  /** Resolves once `count` requests have been answered as they should be. */
  async served(count: number): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    while ((this.outcomes.ok ?? 0) < count) {
      await once(this.#answers, 'ok', { signal }).catch(() => {
        throw new Error(`Less than ${count} answers within ${ANSWER_MS} ms: ${this.toString()}`);
      });
    }
  }

  toString(): string {
    return JSON.stringify({ outcomes: this.outcomes, versions: [...this.versions], examples: this.examples });
  }

  #note(seen: Set<string>, kind: string, value: string | undefined): void {
    if (value === undefined || seen.has(value)) return;
    seen.add(value);
    this.#answers.emit(`${kind} ${value}`);
  }

  #id(number: number): string {
    return `${this.#name}-${number}`;
  }
}
