import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { type Config, MOST_WORKERS } from '../core/config.js';
import { ZdlbError } from '../core/errors.js';
import type { Journal } from '../core/journal.js';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import type { DataPath } from './data-path.js';
import { WorkerFailure } from './failure.js';
import { Generation } from './generation.js';
import type { Drain, Household } from './household.js';
import { resolveLaunch } from './launch.js';
import type { Lineup } from './lineup.js';
import { PortMap } from './port-map.js';
import { type Reloaded, ReloadLog, reloadedSince } from './reload-log.js';
import { Replacements } from './replacements.js';
import { Retiring } from './retiring.js';
import type { Spawner } from './spawn.js';
import { type SupervisorStatus, vacanciesOf, workersOf } from './status.js';
import { Succession, type Wanted } from './succession.js';
import { Warden } from './warden.js';
import type { Worker } from './worker.js';

/**
 *     new -> starting -> serving <-> reloading -> watching -> serving      watching: the former generation is kept warm
 *     any -> stopping -> stopped
 */
export type SupervisorState = 'new' | 'starting' | 'serving' | 'reloading' | 'watching' | 'stopping' | 'stopped';

const MOVES: Moves<SupervisorState> = {
  new: ['starting', 'stopping'],
  starting: ['serving', 'stopping'],
  serving: ['reloading', 'stopping'],
  reloading: ['serving', 'watching', 'stopping'],
  watching: ['serving', 'stopping'],
  stopping: ['stopped'],
  stopped: [],
};

export interface SupervisorOptions {
  readonly config: Config;
  readonly dataPath: DataPath;
  readonly journal: Journal;
  readonly spawn: Spawner;
}

export type { Reloaded, SupervisorStatus };

/** How far a reload is: its code has taken over, or has also stood its watch window. */
export type Milestone = 'swapped' | 'judged';

/** The wanted state, and the generations that are to bring it about. Nothing else starts or stops workers. */
export class Supervisor {
  readonly #dataPath: DataPath;
  readonly #household: Household;
  readonly #succession: Succession;
  readonly #retiring: Retiring;
  readonly #replacements: Replacements;
  readonly #reloads: ReloadLog;
  readonly #lifecycle = new Lifecycle<SupervisorState>('The supervisor', 'new', MOVES);
  /** All that have a process left, the oldest first. */
  readonly #generations = new Set<Generation>();
  #latest = 0;
  /** The start or the reload that is under way, or was last. */
  #operation: Promise<unknown> = Promise.resolve();
  #remembered: { readonly config: Config | undefined } | undefined;
  #stopped: Promise<void> | undefined;
  /** Whether the front finishes what it has before it stops: no other code is let in any more. */
  #isFinishing = false;

  constructor({ config, dataPath, journal, spawn }: SupervisorOptions) {
    this.#dataPath = dataPath;
    this.#retiring = new Retiring(journal);
    this.#reloads = new ReloadLog(journal);
    this.#replacements = new Replacements(this.#replacer, journal);
    const ports = new PortMap(config);
    const means = { dataPath, ports, log: this.#reloads, drain: this.#drain };
    this.#succession = new Succession(wantedBy(config), means, {
      proceed: () => this.#assertNotStopping(),
      watching: () => {
        this.#lifecycle.to('watching');
        this.#replacements.resume();
        if (this.#remembered !== undefined) this.#succession.endWindow();
      },
      retire: (generation) => void this.#retire(generation, this.#drain),
    });
    this.#household = {
      spawn,
      warden: new Warden(journal),
      journal,
      ports,
      open: (listening) => dataPath.open(listening),
      changed: () => this.#succession.rotate(),
      probe: (worker, path, signal) => dataPath.probe(worker, path, signal),
      tally: (worker) => dataPath.tally(worker),
      unfit: (worker, ailment, reason) => this.#replacements.request(worker, { ailment, reason }),
      crashed: (generation, exit) => this.#succession.crashed(generation, exit),
    };
  }

  get state(): SupervisorState {
    return this.#lifecycle.state;
  }

  status(): SupervisorStatus {
    return {
      state: this.#state,
      generation: this.#lineup.newest?.number ?? 0,
      workers: workersOf(this.#generations, (worker) => this.#dataPath.load(worker)),
      vacancies: vacanciesOf(this.#generations),
      reloads: this.#reloads.status,
    };
  }

  /**
   * Resolves when the first generation serves.
   *
   * @throws {ZdlbError} `usage` when there is nothing to run, `start` when a worker failed or a port could not be opened;
   *   all workers are gone by then
   */
  async start(): Promise<void> {
    try {
      await this.#operate('starting', () => this.#raise(this.#succession.wanted, 'all'));
    } catch (error) {
      await this.stop();
      throw error instanceof WorkerFailure ? error.as('start') : error;
    }
  }

  /**
   * Starts a generation beside the serving one, and lets it take over when all of its workers are ready, or batch by batch
   * (`surge`). Resolves then, or, if it is `judged`, at the end of the watch window; the former one retires behind it. A window
   * that is open from the reload before ends.
   *
   * @throws {ZdlbError} `worker` when it failed, or was taken back before this resolved, and the former one serves on; `busy`
   *   during a start or another reload
   */
  async reload(config?: Config, until: Milestone = 'swapped'): Promise<Reloaded> {
    if (this.#lifecycle.is('watching')) {
      this.#succession.endWindow();
      await this.#operation;
    }
    if (!this.#lifecycle.is('serving') || this.#isFinishing) throw this.#refusal('reload');
    const began = performance.now();
    const judged = this.#operate('reloading', () => this.#reload(config ?? this.#succession.wanted.config, began));
    if (until === 'judged') return judged;
    await once(this.#lifecycle.scope, 'abort');
    if (!this.#lifecycle.is('watching')) return judged;
    return { ...reloadedSince(began, this.#latest), watchMs: this.#succession.wanted.config.watchWindow };
  }

  /**
   * Resolves when the start, also one that is still to come, is over, or the reload that is under way, but for its watch window:
   * another reload ends that.
   */
  async settled(): Promise<void> {
    while (this.#isBusy) await once(this.#lifecycle.scope, 'abort');
  }

  /** Resolves when no former generation has a process left. */
  async retired(): Promise<void> {
    await this.#retiring.end();
  }

  /** Reloads now; when a start or a reload is under way, once after it. The journal tells how it went. */
  requestReload(config?: Config): void {
    if (this.#lifecycle.is('serving')) this.reload(config).catch(() => {});
    else this.#remembered = { config: config ?? this.#remembered?.config };
    this.#succession.endWindow();
  }

  /** Counts a reload as failed whose settings can't be had: nothing is started. */
  refuseReload(error: unknown): void {
    this.#reloads.refused(error, this.#lineup.describe());
  }

  /**
   * Gives the work back to the former generation while that is kept warm; resolves with its number. The reload fails.
   *
   * @throws {ZdlbError} `cold` when none is warm; `stopping` when zdlb was stopped before it was done
   */
  async rollback(): Promise<number> {
    if (!this.#succession.isReversible)
      throw new ZdlbError('cold', 'Cannot roll back: no former generation is warm (see --watch-window)');
    this.#succession.takeBack('the operator asked for it');
    await this.#operation;
    this.#assertNotStopping();
    return this.#lineup.newest!.number;
  }

  /**
   * Sets the number of workers (at least 1, at most 512), or changes it, once no start or reload is under way. Resolves when those
   * that join are ready, with the number; those that leave drain behind it.
   *
   * @throws {ZdlbError} `worker` when one that joins failed; it will be tried again
   */
  async scale(to: number | ((wanted: number) => number)): Promise<number> {
    while (this.#isBusy) await once(this.#lifecycle.scope, 'abort'); // not by settled(), which takes a tick of its own
    if (!this.#lifecycle.is('serving', 'watching')) throw this.#refusal('scale');
    const wanted = typeof to === 'number' ? to : to(this.#succession.wanted.workers);
    const workers = Math.min(Math.max(1, wanted), MOST_WORKERS);
    await this.#succession.resize(workers);
    return workers;
  }

  /** Begins no reload any more, not even one that waits for its turn; workers that crash still have successors. */
  finish(): void {
    this.#isFinishing = true;
  }

  /** Drains and stops all workers, when the listeners are closed; resolves when all processes are gone. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  /** Kills all workers at once; resolves as {@link stop} does. */
  stopNow(): Promise<void> {
    const stopped = this.stop();
    for (const generation of this.#generations) generation.kill();
    return stopped;
  }

  /** As it is told. A front that finishes is stopping, though its workers are not yet. */
  get #state(): SupervisorStatus['state'] {
    if (this.#isFinishing && this.#lifecycle.can('stopping')) return 'stopping';
    return this.#lifecycle.is('serving') && this.#lineup.holders.length > 1 ? 'mixed' : this.#lifecycle.state;
  }

  /** Whether it has yet to start, or a start or a reload has yet to take over. */
  get #isBusy(): boolean {
    return this.#lifecycle.is('new', 'starting', 'reloading');
  }

  get #lineup(): Lineup {
    return this.#succession.lineup;
  }

  readonly #drain: Drain = (worker) => this.#dataPath.drain(worker);

  readonly #replacer = {
    mayReplace: (): boolean => this.#lifecycle.is('serving', 'watching'),
    holds: (worker: Worker): boolean => this.#generationOf(worker)?.holds(worker) ?? false,
    replace: async (worker: Worker): Promise<Worker | undefined> =>
      this.#generationOf(worker)?.replace(worker, this.#drain),
  };

  /** Runs a start or a reload, and afterwards the reload that was asked for meanwhile. */
  #operate<T>(state: 'starting' | 'reloading', operation: () => Promise<T>): Promise<T> {
    this.#lifecycle.to(state);
    const running = operation().finally(() => this.#finish());
    this.#operation = running.catch(() => {});
    return running;
  }

  #finish(): void {
    if (this.#lineup.newest === undefined || !this.#lifecycle.can('serving')) return; // the start failed, or zdlb stops
    this.#lifecycle.to('serving');
    this.#replacements.resume();
    const remembered = this.#remembered;
    this.#remembered = undefined;
    if (remembered !== undefined) this.requestReload(remembered.config);
  }

  async #reload(config: Config, began: number): Promise<Reloaded> {
    const number = this.#latest + 1;
    this.#reloads.started(number);
    try {
      await this.#retiring.room(config.maxRetiring, this.#lineup.all.length);
      await this.#raise(this.#wantedOf(config), config.surge);
    } catch (error) {
      throw this.#reloads.failed(number, error, this.#lineup.describe());
    }
    return this.#reloads.done(reloadedSince(began, number));
  }

  /** As many workers as were scaled to, unless the settings have another mind about it than before. */
  #wantedOf(config: Config): Wanted {
    const { wanted } = this.#succession;
    return config.workers === wanted.config.workers ? { config, workers: wanted.workers } : wantedBy(config);
  }

  /** Starts a generation and brings it into service; leaves nothing behind when that fails. */
  async #raise(wanted: Wanted, surge: Config['surge']): Promise<void> {
    if (this.#isFinishing) throw STOPPING;
    const number = ++this.#latest;
    const launch = await resolveLaunch(wanted.config);
    this.#assertNotStopping();
    const generation = new Generation(number, wanted.config, launch, this.#household);
    this.#generations.add(generation);
    try {
      await this.#succession.follow(generation, wanted, surge);
    } finally {
      if (generation.state === 'abandoned') this.#generations.delete(generation);
    }
  }

  #generationOf(worker: Worker): Generation | undefined {
    return this.#lineup.all.find(({ number }) => number === worker.generation);
  }

  async #retire(generation: Generation, drain: Drain): Promise<void> {
    await this.#retiring.add(generation, drain);
    this.#generations.delete(generation);
  }

  async #stop(): Promise<void> {
    this.#lifecycle.to('stopping');
    this.#replacements.clear();
    this.#succession.endWindow();
    // Together: while one worker holds work, its clients may send more, to any worker. Ailing ones may hold some as well.
    const working = [...this.#generations].filter(({ state }) => state === 'serving' || state === 'standby');
    const ready = working.flatMap(({ workers }) => workers).filter(({ state }) => state === 'ready');
    const done = Promise.all(ready.map(this.#drain));
    const farewells = [...this.#generations].map((generation) => {
      if (generation.state === 'starting') return generation.abandon(STOPPING);
      return working.includes(generation) ? this.#retire(generation, () => done) : undefined; // on its way out already
    });
    await Promise.all([...farewells, this.#retiring.end(), this.#operation]);
    await this.#household.warden.close();
    this.#lifecycle.to('stopped');
  }

  #assertNotStopping(): void {
    if (this.#lifecycle.is('stopping', 'stopped')) throw STOPPING;
  }

  #refusal(verb: 'reload' | 'scale'): ZdlbError {
    if (this.#lifecycle.is('reloading')) return new ZdlbError('busy', `Cannot ${verb}: a reload is under way`);
    if (this.#lifecycle.is('new', 'starting')) return new ZdlbError('busy', `Cannot ${verb}: zdlb is still starting`);
    return new ZdlbError('stopping', `Cannot ${verb}: zdlb is stopping`);
  }
}

const STOPPING = new ZdlbError('stopping', 'zdlb is stopping');

function wantedBy(config: Config): Wanted {
  return { config, workers: config.workers === 'max' ? availableParallelism() : config.workers };
}
