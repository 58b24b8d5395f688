import type { Config } from '../core/config.js';
import { messageOf } from '../core/errors.js';
import type { Journal } from '../core/journal.js';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import type { Listening } from '../core/messages.cjs';
import { Deferred } from './deferred.js';
import type { Exit } from './exit.js';
import type { Launch } from './launch.js';
import type { PortMap } from './port-map.js';
import { Slot } from './slot.js';
import type { Spawner } from './spawn.js';
import type { Warden } from './warden.js';
import { Worker } from './worker.js';

/**
 *     starting -> serving -> retiring -> retired
 *     starting -> abandoned
 */
export type GenerationState = 'starting' | 'serving' | 'retiring' | 'retired' | 'abandoned';

const MOVES: Moves<GenerationState> = {
  starting: ['serving', 'abandoned'],
  serving: ['retiring'],
  retiring: ['retired'],
  retired: [],
  abandoned: [],
};

/** Resolves when a worker holds no work any more. */
export type Drain = (worker: Worker) => Promise<unknown>;

/** What all generations share. */
export interface Household {
  readonly spawn: Spawner;
  readonly warden: Warden;
  readonly journal: Journal;
  readonly ports: PortMap;
  /** Lets clients in on a port. */
  readonly open: (listening: Listening) => Promise<void>;
  /** The rotation of the serving generation is another now, or one of its workers has a further door. */
  readonly changed: () => void;
}

/** The numbered set of workers that come and go together and run the same code. */
export class Generation {
  readonly number: number;
  readonly #config: Config;
  readonly #launch: Launch;
  readonly #household: Household;
  readonly #lifecycle: Lifecycle<GenerationState>;
  readonly #slots = new Map<number, Slot>();
  /** Every worker that is not wholly gone, whether it holds a slot or has left it. */
  readonly #workers = new Set<Worker>();
  readonly #opening = new Set<Promise<void>>();
  readonly #broken = new Deferred<never>();

  constructor(number: number, config: Config, launch: Launch, household: Household) {
    this.number = number;
    this.#config = config;
    this.#launch = launch;
    this.#household = household;
    this.#lifecycle = new Lifecycle<GenerationState>(`Generation ${number}`, 'starting', MOVES);
  }

  get state(): GenerationState {
    return this.#lifecycle.state;
  }

  get workers(): readonly Worker[] {
    return [...this.#workers];
  }

  /** The ready holders of its slots. */
  get rotation(): readonly Worker[] {
    return [...this.#slots.values()].map((slot) => slot.worker).filter((worker) => worker.state === 'ready');
  }

  restartsOf(slot: number): number {
    return this.#slots.get(slot)?.restarts ?? 0;
  }

  /** Starts `count` workers; resolves when all are ready and their ports open, rejects with the first failure. */
  async start(count: number): Promise<void> {
    const workers = this.#fillUpTo(count);
    const everyone = Promise.all(workers.map(async (worker) => this.#established(worker)));
    await Promise.race([everyone, this.#broken.promise]);
    // One that was ready may have crashed meanwhile, and its last words not have been read yet.
    if (this.rotation.length < count) await this.#broken.promise;
  }

  /** From now on it refills its slots. */
  serve(): void {
    this.#lifecycle.to('serving');
  }

  /** Sets the number of slots; resolves when those that join are ready. Those that leave do so behind it, drained. */
  async resize(count: number, drain: Drain): Promise<void> {
    const joining = this.#fillUpTo(count);
    const leaving = [...this.#slots.values()].filter((slot) => slot.number >= count);
    this.#close(leaving);
    if (leaving.length > 0) this.#household.changed();
    for (const { worker } of leaving) void this.#release(worker, drain);
    try {
      await Promise.all(joining.map((worker) => worker.ready));
    } catch (error) {
      if (this.#lifecycle.is('serving')) throw error; // else a reload has replaced them, at the same number
    }
  }

  /** Drains and stops all workers; resolves when the last one is gone. */
  async retire(drain: Drain): Promise<void> {
    this.#lifecycle.to('retiring');
    this.#close([...this.#slots.values()]);
    await Promise.all(this.workers.map((worker) => this.#release(worker, drain)));
    this.#lifecycle.to('retired');
  }

  /** Ends a start for `reason`; resolves when the last worker is gone. */
  async abandon(reason: Error): Promise<void> {
    if (this.#lifecycle.is('starting')) this.#lifecycle.to('abandoned');
    this.#broken.reject(reason);
    for (const worker of this.#workers) worker.stop();
    await Promise.all(this.workers.map((worker) => worker.gone));
  }

  kill(): void {
    for (const worker of this.#workers) worker.kill();
  }

  /** Fills the lowest free slots; the new workers. */
  #fillUpTo(count: number): readonly Worker[] {
    const added: Worker[] = [];
    for (let number = 0; number < count; number++) {
      if (this.#slots.has(number)) continue;
      const slot = new Slot(number, (at) => this.#hire(at), this.#household.journal);
      this.#slots.set(number, slot);
      added.push(slot.worker);
    }
    return added;
  }

  #close(slots: readonly Slot[]): void {
    for (const slot of slots) {
      slot.close();
      this.#slots.delete(slot.number);
    }
  }

  #hire(slot: number): Worker {
    const { number } = this;
    const { spawn, warden, journal, ports } = this.#household;
    const post = { slot, generation: number, launch: this.#launch, config: this.#config, ports: ports.pairs };
    const worker = new Worker(post, {
      spawn,
      warden,
      journal,
      readiness: ports.readiness,
      admit: (listening) => ports.admit(number, listening),
      announced: (listening) => this.#announced(worker, listening),
    });
    this.#workers.add(worker);
    worker.ready.then(
      () => this.#changed(),
      (failure: Error) => this.#broken.reject(failure),
    );
    void worker.exited.then((exit) => this.#left(worker, exit));
    void worker.gone.then(() => this.#workers.delete(worker));
    return worker;
  }

  /** Ready, and with it every port that was announced so far. */
  async #established(worker: Worker): Promise<void> {
    await worker.ready;
    await Promise.all(this.#opening);
  }

  /** A port of a worker: the first generation opens it to clients, in later ones it is open already. */
  #announced(worker: Worker, listening: Listening): void {
    if (!this.#household.ports.isMadeBy(this.number)) {
      if (worker.state === 'ready') this.#changed();
      return;
    }
    const opening = this.#household.open(listening);
    this.#opening.add(opening);
    void this.#afterOpening(opening, listening);
  }

  async #afterOpening(opening: Promise<void>, listening: Listening): Promise<void> {
    try {
      await opening;
      this.#changed();
    } catch (error) {
      this.#notOpened(listening, error as Error);
    } finally {
      this.#opening.delete(opening);
    }
  }

  #notOpened({ port }: Listening, error: Error): void {
    this.#broken.reject(error);
    if (this.#lifecycle.is('starting')) return;
    const message = `Clients can't reach port ${port}: ${messageOf(error)}`;
    this.#household.journal.warn({ event: 'port.failed', port, reason: messageOf(error) }, message);
  }

  #changed(): void {
    if (this.#lifecycle.is('serving')) this.#household.changed();
  }

  #left(worker: Worker, exit: Exit): void {
    if (this.#lifecycle.is('starting')) void exit.failure.then((failure) => this.#broken.reject(failure));
    const slot = this.#slots.get(worker.slot);
    if (!this.#lifecycle.is('serving') || slot?.worker !== worker) return;
    this.#household.changed();
    slot.refill(exit);
  }

  /** Drains and stops a worker that has left the rotation; one that drains already is left to it. */
  async #release(worker: Worker, drain: Drain): Promise<void> {
    const isDraining = worker.state === 'draining';
    if (worker.state === 'ready') await worker.drain(drain(worker));
    if (!isDraining) worker.stop();
    await worker.gone;
  }
}
