import type { PublicPort } from './public-port.js';
import type { Worker } from './supervisor/worker.js';

/** The part of a worker's drain timeout at whose beginning what still lasts begins to be closed. */
const LAST_PART = 1 / 5;
/** How much of that is left for the last to be gone in. */
const FAREWELL_PART = 1 / 10;

/**
 * Workers on their way out. In time, as parts of a worker's own drain timeout:
 *
 *     0          it gets nothing new; an agent that sees the clients' connections has answers close them
 *     3/5 - 4/5  the agent closes idle http connections
 *     4/5 - 1    what lasts is closed, spread evenly: by the front; by the agent under `--backend cluster`
 *     1          the stop signal
 *
 * When zdlb stops there is no new code to come back to: idle connections close at once, and a program takes leave of
 * what lasts itself, when it gets its stop signal.
 */
export class Departures {
  readonly #ports: Iterable<PublicPort>;
  readonly #leaving = new Set<Worker>();
  /** Aborted when zdlb stops. */
  readonly #stopping = new AbortController();
  #waitsNoMore = false;

  constructor(ports: Iterable<PublicPort>) {
    this.#ports = ports;
  }

  /** Resolves when no work of `worker`'s is left, which gets nothing new. */
  async drain(worker: Worker): Promise<void> {
    this.#leaving.add(worker);
    try {
      await (worker.handOver === undefined ? this.#drain(worker) : this.#drainHandedOver(worker));
    } finally {
      this.#leaving.delete(worker);
    }
  }

  /** zdlb stops, and with it `serving` and those that leave already. */
  stop(serving: readonly Worker[]): void {
    this.#stopping.abort();
    // One that connections are handed to takes them until its leases are home.
    const told = serving.filter(({ handOver }) => handOver === undefined);
    for (const worker of [...told, ...this.#leaving]) this.#order(worker);
  }

  /** From now on only what was handed over is waited for: the time for all else is up. */
  waitNoMore(): void {
    this.#stopping.abort();
    this.#waitsNoMore = true;
  }

  async #drain(worker: Worker): Promise<void> {
    this.#order(worker);
    if (this.#waitsNoMore) return;
    const drained = new AbortController();
    const until = AbortSignal.any([drained.signal, this.#stopping.signal]);
    const ms = worker.drainTimeout * LAST_PART;
    const late = setTimeout(() => this.#disperse(worker, ms * (1 - FAREWELL_PART), until), worker.drainTimeout - ms);
    await this.#drained(worker);
    clearTimeout(late);
    drained.abort();
  }

  async #drainHandedOver(worker: Worker): Promise<void> {
    const began = performance.now();
    if (!this.#waitsNoMore) await this.#drained(worker);
    await this.#retire(worker, performance.now() - began);
  }

  async #drained(worker: Worker): Promise<void> {
    await Promise.all([...this.#ports].map((port) => port.drained(worker)));
  }

  #disperse(worker: Worker, ms: number, until: AbortSignal): void {
    for (const port of this.#ports) port.disperse(worker, ms, until);
  }

  #order(worker: Worker): void {
    const isSeen = [...this.#ports].some((port) => port.isSeenByAgent(worker));
    if (isSeen) void this.#retire(worker);
  }

  /** @param pastMs how much of its drain timeout has passed */
  async #retire(worker: Worker, pastMs = 0): Promise<void> {
    if (this.#stopping.signal.aborted) return worker.retire(0, 0);
    const ms = worker.drainTimeout * LAST_PART;
    await worker.retire(Math.max(0, worker.drainTimeout - 2 * ms - pastMs), ms);
  }
}
