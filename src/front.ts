import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Config } from './core/config.js';
import { withinTime } from './core/deadline.js';
import { ZdlbError } from './core/errors.js';
import type { Health } from './core/health.js';
import type { Journal } from './core/journal.js';
import type { Listening } from './core/messages.cjs';
import { Departures } from './departures.js';
import { Ledger, type LedgerStatus } from './ledger.js';
import { Pause, type PauseStatus } from './pause.js';
import { Admission, type AdmissionSettings } from './proxy/admission.js';
import { InheritedSockets } from './inherited-sockets.js';
import { OpenFiles } from './proxy/open-files.js';
import { Vestibule } from './proxy/vestibule.js';
import type { PublicPort } from './public-port.js';
import { type ListenerStatus, PublicPorts } from './public-ports.js';
import { SocketFolder } from './socket-folder.js';
import type { Reloaded } from './supervisor/reload-log.js';
import type { DataPath, Load, Tally } from './supervisor/data-path.js';
import { commandSpawner } from './supervisor/command-spawner.js';
import { PortAllotment } from './supervisor/port-allotment.js';
import { nodeSpawner, type Spawner } from './supervisor/spawn.js';
import { type Milestone, Supervisor, type SupervisorStatus } from './supervisor/supervisor.js';
import type { Worker } from './supervisor/worker.js';

const AGENT = fileURLToPath(new URL('agent/agent.cjs', import.meta.url));
/** Generations beside those that retire: one serves, one is kept warm for the watch window, one starts. */
const NOT_RETIRING = 3;

/** What a running front tells of itself. */
export interface ServingStatus extends Omit<SupervisorStatus, 'state'>, LedgerStatus {
  /** `paused`: it would serve. */
  readonly state: SupervisorStatus['state'] | 'paused';
  /** While the operator has it hold what comes. */
  readonly pause?: PauseStatus;
  readonly listeners: readonly ListenerStatus[];
}

/**
 * The front process: public ports in front, workers behind, and the supervisor that changes the one when the other is
 * ready.
 *
 * The supervisor owns the workers and knows nothing of sockets; a public port owns its listener, relay and balancer and
 * knows nothing of processes. Here they meet: a worker's doors become backends.
 */
export class Front implements DataPath {
  #config: Config;
  readonly #supervisor: Supervisor;
  readonly #openFiles: OpenFiles;
  readonly #admission: Admission;
  readonly #vestibule: Vestibule;
  readonly #ports: PublicPorts;
  readonly ledger = new Ledger();
  readonly #inherited: InheritedSockets;
  readonly #socketFolder: SocketFolder | undefined;
  readonly #departures: Departures;
  readonly pause: Pause;
  #rotation: readonly Worker[] = [];

  /**
   * @param listening called when an address of the first port is open; what it throws ends the start
   * @param passed sockets that a service manager has opened
   * @throws {ZdlbError} `usage`, when options don't go together
   */
  constructor(
    config: Config,
    journal: Journal,
    listening: () => void = () => {},
    passed: InheritedSockets['all'] = [],
  ) {
    this.#inherited = new InheritedSockets(passed, journal);
    this.#config = config;
    this.#openFiles = new OpenFiles(journal);
    this.#admission = new Admission(this.#bounds(), journal);
    this.#vestibule = new Vestibule(this.#admission, config, journal);
    const premises = { ...this.#inherited.neighbourhood, gate: this.#vestibule, books: this.ledger };
    const openings = { port: (port: PublicPort) => this.pause.join(port), firstAddress: listening };
    this.#ports = new PublicPorts(config, premises, this.#inherited, journal, openings);
    this.pause = new Pause(this.#ports, journal);
    this.#departures = new Departures(this.#ports);
    this.#socketFolder = config.transport === 'unix' ? SocketFolder.make() : undefined;
    const spawn = spawnerOf(this.#socketFolder?.path);
    this.#supervisor = new Supervisor({ config, dataPath: this, journal: this.ledger.readOff(journal), spawn });
  }

  /** The public ports, the first one first. */
  get listeners(): readonly ListenerStatus[] {
    return this.#ports.status;
  }

  /** How long one may wait for a worker, in milliseconds. */
  get holdTimeout(): number {
    return this.#config.holdTimeout;
  }

  status(): ServingStatus {
    const status = this.#supervisor.status();
    const { status: pause } = this.pause;
    const state = pause !== undefined && status.state === 'serving' ? 'paused' : status.state;
    const { listeners } = this;
    return { ...status, state, ...(pause !== undefined && { pause }), listeners, ...this.ledger.status };
  }

  /** Whether there is a worker that new work can go to, and will be. */
  health(): Health {
    const { state } = this.#supervisor;
    if (state === 'new' || state === 'starting') return 'starting';
    if (state === 'stopping' || state === 'stopped') return 'stopping';
    return this.#rotation.length > 0 ? 'ok' : 'no worker ready';
  }

  /**
   * Resolves when the first generation serves.
   *
   * @throws {ZdlbError} `usage` or `start`; nothing is left running
   */
  async start(): Promise<void> {
    try {
      if (this.#socketFolder !== undefined) await SocketFolder.sweep();
      await this.#supervisor.start();
      this.#inherited.watch(() => !['stopping', 'stopped'].includes(this.#supervisor.status().state));
    } catch (error) {
      await this.#supervisor.stop(); // also where it has not begun: orders may wait for it
      await this.#clearAway();
      throw error;
    }
  }

  /** Reloads now, or once after what is under way. */
  requestReload(config?: Config): void {
    this.#supervisor.requestReload(config);
  }

  /** See {@link Supervisor.refuseReload}. */
  refuseReload(error: unknown): void {
    this.#supervisor.refuseReload(error);
  }

  /**
   * Reloads, behind a start or another reload that is under way; resolves as {@link Supervisor.reload} does.
   *
   * @throws {ZdlbError} see there
   */
  async reload(config?: Config, until?: Milestone): Promise<Reloaded> {
    for (;;) {
      try {
        return await this.#supervisor.reload(config, until);
      } catch (error) {
        if (!(error instanceof ZdlbError) || error.code !== 'busy') throw error;
        await this.#supervisor.settled();
      }
    }
  }

  /** Resolves when no former generation has a process left. */
  async retired(): Promise<void> {
    await this.#supervisor.retired();
  }

  /** @throws {ZdlbError} see {@link Supervisor.rollback} */
  async rollback(): Promise<number> {
    return this.#supervisor.rollback();
  }

  /** @throws {ZdlbError} see {@link Supervisor.scale} */
  async scale(change: (wanted: number) => number): Promise<number> {
    return this.#supervisor.scale(change);
  }

  /** How long clients may still come when it is about to stop, in milliseconds: nobody does before it serves. */
  get stopDelay(): number {
    return this.#rotation.length === 0 ? 0 : this.#config.stopDelay;
  }

  /** From now on its status says that it is stopping, and no reload begins; clients are served as ever. */
  announceStop(): void {
    this.#supervisor.finish();
  }

  /**
   * Takes no new connections, lets what is under way end (at most the drain timeout), then stops the workers. What is
   * left by then still reaches its worker until that has ended, so a program can take leave of its WebSockets.
   */
  async stop(): Promise<void> {
    this.pause.stop();
    this.#departures.stop(this.#rotation);
    this.#supervisor.finish();
    await withinTime(this.#config.drainTimeout, this.#ports.finish());
    this.#departures.waitNoMore();
    await this.#supervisor.stop();
    await this.#clearAway();
  }

  /** Ends everything at once. */
  async stopNow(): Promise<void> {
    this.pause.stop();
    this.#departures.waitNoMore();
    await this.#supervisor.stopNow();
    await this.#clearAway();
  }

  async open(listening: Listening): Promise<void> {
    await this.#ports.open(listening);
  }

  configure(config: Config): void {
    this.#config = config;
    this.#admission.configure(this.#bounds());
    this.#vestibule.configure(config);
    this.ledger.configure(config);
    this.#ports.configure(config);
  }

  swap(workers: readonly Worker[]): void {
    this.#rotation = workers;
    this.ledger.retain(this.#supervisor.status().workers);
    this.#ports.swap(workers);
  }

  async drain(worker: Worker): Promise<void> {
    await this.#departures.drain(worker);
  }

  async probe(worker: Worker, path: string, signal: AbortSignal): Promise<void> {
    const port = this.#ports.probed(worker);
    if (port === undefined) throw new Error(`has no port open on which to ask GET ${path}`);
    // undici takes 70 ms and 19 MB to load, so only who wants probes pays for it.
    const { probe } = await import('./proxy/probe.js');
    await probe({ door: worker.doors.get(port)!, port, path }, signal);
  }

  tally(worker: Worker): Tally {
    return this.#ports.tally(worker);
  }

  load(worker: Worker): Load {
    return this.#ports.load(worker);
  }

  /** The bounds of connections as they are wanted, or as far as the system allows. */
  #bounds(): AdmissionSettings {
    const { workers, maxRetiring } = this.#config;
    return this.#openFiles.fit(this.#config, {
      workers: workers === 'max' ? availableParallelism() : workers,
      generations: NOT_RETIRING + maxRetiring,
    });
  }

  async #clearAway(): Promise<void> {
    this.#ports.close();
    this.#socketFolder?.remove();
    this.ledger.close();
  }
}

/** A configuration that is read anew may have a command where there was a script. */
function spawnerOf(socketFolder: string | undefined): Spawner {
  const program = nodeSpawner(AGENT, socketFolder);
  const command = commandSpawner(new PortAllotment());
  return (post, failed) => ('command' in post.launch ? command : program)(post, failed);
}
