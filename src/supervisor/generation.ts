import type { Config } from '../core/config.js';
import { messageOf } from '../core/errors.js';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import type { Listening } from '../core/messages.cjs';
import type { Tally } from './data-path.js';
import { Deferred } from '../core/deferred.js';
import type { Exit } from './exit.js';
import type { Drain, Household } from './household.js';
import { Hiring } from './hiring.js';
import type { Launch } from './launch.js';
import { Openings } from './openings.js';
import { Slot, type Vacancy } from './slot.js';
import { Ward } from './ward.js';
import type { Worker } from './worker.js';

/**
 *     starting -> serving -> retiring -> retired
 *     starting -> abandoned
 *     serving <-> standby                         another one serves, and this one is kept warm
 *     standby -> retiring
 */
export type GenerationState = 'starting' | 'serving' | 'standby' | 'retiring' | 'retired' | 'abandoned';

const MOVES: Moves<GenerationState> = {
  starting: ['serving', 'abandoned'],
  serving: ['standby', 'retiring'],
  standby: ['serving', 'retiring'],
  retiring: ['retired'],
  retired: [],
  abandoned: [],
};

/** The numbered set of workers that come and go together and run the same code. */
export class Generation {
  readonly number: number;
  readonly #household: Household;
  readonly #hiring: Hiring;
  readonly #lifecycle: Lifecycle<GenerationState>;
  readonly #slots = new Map<number, Slot>();
  /** Every worker that is not wholly gone, whether it holds a slot or has left it. */
  readonly #workers = new Set<Worker>();
  readonly #ward: Ward;
  readonly #openings: Openings;
  /** The first failure; it ends whatever is being started. */
  readonly #broken = new Deferred<never>();
  /** What those that have ended had answered. */
  #past: Tally = { answers: 0, errors: 0 };

  constructor(number: number, config: Config, launch: Launch, household: Household) {
    this.number = number;
    this.#household = household;
    this.#ward = new Ward(household.journal, () => this.#changed());
    this.#hiring = new Hiring({ generation: number, config, launch }, household, this.#ward, {
      announced: (worker, listening) => this.#announced(worker, listening),
      ready: () => this.#changed(),
      failed: (failure) => this.#broken.reject(failure),
      exited: (worker, exit) => this.#left(worker, exit),
    });
    this.#openings = new Openings(household.open);
    this.#lifecycle = new Lifecycle<GenerationState>(`Generation ${number}`, 'starting', MOVES);
  }

  get state(): GenerationState {
    return this.#lifecycle.state;
  }

  get workers(): readonly Worker[] {
    return [...this.#workers];
  }

  /** Its slots that have no worker at present, by number. */
  get vacancies(): readonly Vacancy[] {
    const vacancies = [...this.#slots.values()].flatMap(({ vacancy }) => vacancy ?? []);
    return vacancies.toSorted((one, other) => one.slot - other.slot);
  }

  /** The numbers of its slots. */
  get slots(): readonly number[] {
    return [...this.#slots.keys()];
  }

  /** Those whose workers may get work, when they are ready. */
  get slotsInService(): readonly number[] {
    return [...this.#slots.values()].filter(({ isInService }) => isInService).map(({ number }) => number);
  }

  /** The holders of its slots that may get work: in service, ready, and not ailing while others are well. */
  get rotation(): readonly Worker[] {
    const inService = [...this.#slots.values()].filter(({ isInService }) => isInService);
    return this.#ward.fit(inService.map(({ worker }) => worker).filter(({ state }) => state === 'ready'));
  }

  /** What clients were answered by its workers since its start. */
  get tally(): Tally {
    const present = this.workers.filter(({ state }) => state !== 'exited');
    return present.map((worker) => this.#household.tally(worker)).reduce(sum, this.#past);
  }

  /** What is to be said of a slot and of its worker's health. */
  conditionOf(worker: Worker) {
    const slot = this.#slots.get(worker.slot);
    return {
      restarts: slot?.restarts ?? 0,
      isCrashLooping: slot?.isCrashLooping ?? false,
      isAiling: this.#ward.has(worker),
    };
  }

  /** Starts workers for free slots; resolves when all are ready and their ports open, rejects with the first failure. */
  async start(slots: readonly number[]): Promise<void> {
    const workers = slots.map((slot) => this.#open(slot, false).worker);
    const everyone = Promise.all(workers.map(async (worker) => this.#established(worker)));
    await Promise.race([everyone, this.#broken.promise]);
    // One that was ready may have crashed meanwhile, and its last words not have been read yet.
    if (workers.some(({ state }) => state !== 'ready')) await this.#broken.promise;
  }

  /** From now on those of its slots that have proved themselves get work, and are refilled. */
  serve(): void {
    if (!this.#lifecycle.is('serving')) this.#lifecycle.to('serving');
    for (const slot of this.#slots.values()) slot.isInService = true;
  }

  /** Another one serves, and this one is ready to serve again. */
  standBy(): void {
    this.#lifecycle.to('standby');
  }

  /** Adds slots, in service as soon as they are ready; resolves then. */
  async grow(slots: readonly number[]): Promise<void> {
    const joining = slots.map((slot) => this.#open(slot, true).worker);
    try {
      await Promise.all(joining.map((worker) => worker.ready));
    } catch (error) {
      if (this.#lifecycle.is('serving')) throw error; // else a reload has replaced them, at the same number
    }
  }

  /** Gives slots up; resolves when their workers are drained and gone. */
  async leave(slots: readonly number[], drain: Drain): Promise<void> {
    const leaving = this.#close(slots);
    if (leaving.length === 0) return;
    this.#changed();
    await Promise.all(leaving.map((worker) => this.#release(worker, drain)));
  }

  /** Gives up slots that were started in vain; resolves when their workers are gone. */
  async dismiss(slots: readonly number[]): Promise<void> {
    const leaving = this.#close(slots);
    for (const worker of leaving) worker.stop();
    await Promise.all(leaving.map((worker) => worker.gone));
  }

  /**
   * Starts a successor for a worker, which is drained and stopped once that is ready; resolves then with the successor.
   * Undefined when the worker has ended or left meanwhile.
   *
   * @throws {WorkerFailure} when the successor failed; the worker serves on
   */
  async replace(worker: Worker, drain: Drain): Promise<Worker | undefined> {
    const slot = this.#slots.get(worker.slot);
    if (!this.holds(worker) || slot === undefined) return undefined;
    if (!(await slot.replace())) return undefined;
    this.#changed();
    void this.#release(worker, drain);
    return slot.worker;
  }

  /** Whether a worker is ready and has one of its slots, in service or kept warm for it. */
  holds(worker: Worker): boolean {
    const isHolder = this.#slots.get(worker.slot)?.worker === worker && worker.state === 'ready';
    return isHolder && this.#lifecycle.is('serving', 'standby');
  }

  /** Drains and stops all workers; resolves when the last one is gone. */
  async retire(drain: Drain): Promise<void> {
    this.#lifecycle.to('retiring');
    this.#close(this.slots);
    this.#broken.reject(new Error('The generation has retired'));
    await Promise.all(this.workers.map((worker) => this.#release(worker, drain)));
    this.#lifecycle.to('retired');
  }

  /** Ends a start for `reason`; resolves when the last worker is gone. */
  async abandon(reason: Error): Promise<void> {
    if (this.#lifecycle.is('starting')) this.#lifecycle.to('abandoned');
    if (!this.#lifecycle.is('abandoned')) return; // zdlb stops, and those that have taken over finish what they hold
    this.#broken.reject(reason);
    for (const worker of this.#workers) worker.stop();
    await Promise.all(this.workers.map((worker) => worker.gone));
  }

  kill(): void {
    for (const worker of this.#workers) worker.kill();
  }

  #open(number: number, isInService: boolean): Slot {
    const slot = new Slot(number, (at) => this.#hire(at), this.#household.journal);
    slot.isInService = isInService;
    this.#slots.set(number, slot);
    return slot;
  }

  /** The workers that held the slots. */
  #close(numbers: readonly number[]): readonly Worker[] {
    return numbers.flatMap((number) => {
      const slot = this.#slots.get(number);
      this.#slots.delete(number);
      return slot?.close() ?? [];
    });
  }

  #hire(slot: number): Worker {
    const worker = this.#hiring.hire(slot);
    this.#workers.add(worker);
    void worker.gone.then(() => this.#workers.delete(worker));
    return worker;
  }

  /** Ready, and with it every port that was announced so far. */
  async #established(worker: Worker): Promise<void> {
    await worker.ready;
    await this.#openings.settled();
  }

  /** A port of a worker: the first generation opens it to clients, in later ones it is open already. */
  #announced(worker: Worker, listening: Listening): void {
    if (this.#household.ports.isMadeBy(this.number)) {
      this.#openings.begin(
        listening,
        () => this.#changed(),
        (error) => this.#notOpened(listening, error),
      );
    } else if (worker.state === 'ready') this.#changed();
  }

  #notOpened({ port }: Listening, error: Error): void {
    this.#broken.reject(error);
    if (!this.#lifecycle.is('serving', 'standby')) return; // it has failed to start, for one of its workers' sake
    const message = `Clients can't reach port ${port}: ${messageOf(error)}`;
    this.#household.journal.warn({ event: 'port.failed', port, reason: messageOf(error) }, message);
  }

  #changed(): void {
    if (this.#lifecycle.is('serving', 'standby')) this.#household.changed();
  }

  #left(worker: Worker, exit: Exit): void {
    this.#ward.forget(worker);
    this.#past = sum(this.#past, this.#household.tally(worker));
    void exit.failure.then((failure) => this.#broken.reject(failure));
    const slot = this.#slots.get(worker.slot);
    if (!this.#lifecycle.is('serving', 'standby') || slot?.worker !== worker || !slot.isInService) return;
    this.#household.changed();
    slot.refill(exit);
    this.#household.crashed(this, exit);
  }

  /** Drains and stops a worker that has left the rotation; one that drains already is left to it. */
  async #release(worker: Worker, drain: Drain): Promise<void> {
    const isDraining = worker.state === 'draining';
    if (worker.state === 'ready') await worker.drain(drain(worker));
    if (!isDraining) worker.stop();
    await worker.gone;
  }
}

function sum(one: Tally, other: Tally): Tally {
  return { answers: one.answers + other.answers, errors: one.errors + other.errors };
}
