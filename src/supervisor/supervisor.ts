import { availableParallelism } from 'node:os';
import type { Config } from '../core/config.js';
import { ZdlbError } from '../core/errors.js';
import type { Journal } from '../core/journal.js';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import type { DataPath } from './data-path.js';
import { WorkerFailure } from './failure.js';
import { type Drain, Generation, type Household } from './generation.js';
import { resolveLaunch } from './launch.js';
import { PortMap } from './port-map.js';
import { type Reloaded, ReloadLog } from './reload-log.js';
import { Retiring } from './retiring.js';
import type { Spawner } from './spawn.js';
import { type SupervisorStatus, workersOf } from './status.js';
import { Warden } from './warden.js';

/**
 *     new -> starting -> serving <-> reloading
 *     any -> stopping -> stopped
 */
export type SupervisorState = 'new' | 'starting' | 'serving' | 'reloading' | 'stopping' | 'stopped';

const MOVES: Moves<SupervisorState> = {
  new: ['starting', 'stopping'],
  starting: ['serving', 'stopping'],
  serving: ['reloading', 'stopping'],
  reloading: ['serving', 'stopping'],
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

/** The wanted state, and the generations that are to bring it about. Nothing else starts or stops workers. */
export class Supervisor {
  readonly #dataPath: DataPath;
  readonly #household: Household;
  readonly #retiring: Retiring;
  readonly #reloads: ReloadLog;
  readonly #lifecycle = new Lifecycle<SupervisorState>('The supervisor', 'new', MOVES);
  /** All that have a process left, the oldest first. */
  readonly #generations = new Set<Generation>();
  #config: Config;
  #wanted: number;
  #latest = 0;
  #serving: Generation | undefined;
  /** The start or the reload that is under way, or was last. */
  #operation: Promise<unknown> = Promise.resolve();
  #remembered: { readonly config: Config | undefined } | undefined;
  #stopped: Promise<void> | undefined;

  constructor({ config, dataPath, journal, spawn }: SupervisorOptions) {
    this.#config = config;
    this.#wanted = wantedBy(config);
    this.#dataPath = dataPath;
    this.#retiring = new Retiring(journal);
    this.#reloads = new ReloadLog(journal);
    this.#household = {
      spawn,
      warden: new Warden(journal),
      journal,
      ports: new PortMap(config),
      open: (listening) => dataPath.open(listening),
      changed: () => this.#rotate(),
    };
  }

  status(): SupervisorStatus {
    return {
      state: this.#lifecycle.state,
      generation: this.#serving?.number ?? 0,
      workers: workersOf(this.#generations),
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
      await this.#operate('starting', async () => {
        this.#takeOver(await this.#raise(++this.#latest, this.#config, this.#wanted));
      });
    } catch (error) {
      await this.stop();
      throw error instanceof WorkerFailure ? error.as('start') : error;
    }
  }

  /**
   * Starts a generation beside the serving one, and lets it take over when all of its workers are ready. Resolves then;
   * the former one retires behind it.
   *
   * @throws {ZdlbError} `worker` when it failed, and the former one serves on; `busy` during a start or another reload
   */
  async reload(config: Config = this.#config): Promise<Reloaded> {
    if (!this.#lifecycle.is('serving')) throw this.#refusal('reload');
    return this.#operate('reloading', () => this.#reload(config));
  }

  /** Reloads now; when a start or a reload is under way, once after it. The journal tells how it went. */
  requestReload(config?: Config): void {
    if (this.#lifecycle.is('serving')) this.reload(config).catch(() => {});
    else this.#remembered = { config: config ?? this.#remembered?.config };
  }

  /**
   * Sets the number of workers (at least 1), or changes it, once no reload is under way. Resolves when those that join are
   * ready; those that leave drain behind it.
   *
   * @throws {ZdlbError} `worker` when one that joins failed; it will be tried again
   */
  async scale(to: number | ((wanted: number) => number)): Promise<void> {
    while (this.#lifecycle.is('starting', 'reloading')) await this.#operation;
    if (this.#serving === undefined || !this.#lifecycle.is('serving')) throw this.#refusal('scale');
    this.#wanted = Math.max(1, typeof to === 'number' ? to : to(this.#wanted));
    await this.#serving.resize(this.#wanted, this.#drain);
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

  readonly #drain: Drain = (worker) => this.#dataPath.drain(worker);

  /** Runs a start or a reload, and afterwards the reload that was asked for meanwhile. */
  #operate<T>(state: 'starting' | 'reloading', operation: () => Promise<T>): Promise<T> {
    this.#lifecycle.to(state);
    const running = operation().finally(() => this.#finish());
    this.#operation = running.catch(() => {});
    return running;
  }

  #finish(): void {
    if (this.#serving === undefined || !this.#lifecycle.can('serving')) return; // the start failed, or zdlb stops
    this.#lifecycle.to('serving');
    const remembered = this.#remembered;
    this.#remembered = undefined;
    if (remembered !== undefined) this.requestReload(remembered.config);
  }

  async #reload(config: Config): Promise<Reloaded> {
    const generation = ++this.#latest;
    const began = performance.now();
    this.#reloads.started(generation);
    try {
      await this.#retiring.room();
      const wanted = config.workers === this.#config.workers ? this.#wanted : wantedBy(config);
      const raised = await this.#raise(generation, config, wanted);
      this.#dataPath.configure(config);
      this.#takeOver(raised);
      this.#config = config;
      this.#wanted = wanted;
    } catch (error) {
      throw this.#reloads.failed(generation, error, this.#serving?.number);
    }
    return this.#reloads.done({ generation, durationMs: Math.round(performance.now() - began) });
  }

  /** Starts a generation; leaves nothing behind when that fails. */
  async #raise(number: number, config: Config, count: number): Promise<Generation> {
    const launch = await resolveLaunch(config);
    this.#assertNotStopping();
    const generation = new Generation(number, config, launch, this.#household);
    this.#generations.add(generation);
    try {
      await generation.start(count);
    } catch (error) {
      await generation.abandon(error as Error);
      this.#generations.delete(generation);
      throw error;
    }
    return generation;
  }

  /** The swap: in one tick the new generation gets all new work, and the former one begins to retire. */
  #takeOver(next: Generation): void {
    this.#assertNotStopping();
    const former = this.#serving;
    this.#serving = next;
    next.serve();
    this.#rotate();
    if (former !== undefined) void this.#retire(former, this.#drain);
  }

  #rotate(): void {
    const rotation = this.#serving?.rotation ?? [];
    this.#household.ports.observe(rotation);
    this.#dataPath.swap(rotation);
  }

  async #retire(generation: Generation, drain: Drain): Promise<void> {
    await this.#retiring.add(generation, drain);
    this.#generations.delete(generation);
  }

  async #stop(): Promise<void> {
    this.#lifecycle.to('stopping');
    const farewells = [...this.#generations].map((generation) => this.#endOf(generation));
    await Promise.all([...farewells, this.#retiring.end(), this.#operation]);
    await this.#household.warden.close();
    this.#lifecycle.to('stopped');
  }

  #endOf(generation: Generation): Promise<void> | undefined {
    if (generation.state === 'starting') return generation.abandon(STOPPING);
    if (generation.state !== 'serving') return undefined; // on its way out already
    // Together: while one worker holds work, its clients may send more, to any worker.
    const done = Promise.all(generation.rotation.map(this.#drain));
    return this.#retire(generation, () => done);
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

function wantedBy({ workers }: Config): number {
  return workers === 'max' ? availableParallelism() : workers;
}
