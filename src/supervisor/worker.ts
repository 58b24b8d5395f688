import { ZdlbError } from '../core/errors.js';
import type { Journal } from '../core/journal.js';
import { Lifecycle, type Moves } from '../core/lifecycle.js';
import type { AgentMessage, Door, Listening, Order, Protocol, Vitals } from '../core/messages.cjs';
import { formatDuration } from '../core/quantity.js';
import { readChannel } from './channel.js';
import { Deferred } from '../core/deferred.js';
import { type Exit, inWords } from './exit.js';
import { WorkerFailure } from './failure.js';
import type { HandOver } from './hand-over.js';
import { Output } from './output.js';
import { endGroup, signalGroup } from './process-group.js';
import { type Demands, Proof } from './proof.js';
import type { Post, Spawned, Spawner } from './spawn.js';
import type { Warden } from './warden.js';
import { WorkerLog } from './worker-log.js';

/**
 *     starting -> ready -> draining -> stopping -> exited
 *     starting -> stopping                                 it failed, or is not wanted any more
 *     any      -> exited                                   it crashed
 */
export type WorkerState = 'starting' | 'ready' | 'draining' | 'stopping' | 'exited';

const MOVES: Moves<WorkerState> = {
  starting: ['ready', 'stopping', 'exited'],
  ready: ['draining', 'exited'],
  draining: ['stopping', 'exited'],
  stopping: ['exited'],
  exited: [],
};

/** The private side of one of a worker's public ports. */
export type OpenDoor = Door & { readonly protocol: Protocol };

/** What a worker needs around it. */
export interface Surroundings {
  readonly spawn: Spawner;
  readonly warden: Pick<Warden, 'add' | 'remove'>;
  readonly journal: Journal;
  readonly demands: Demands;
  /** Asked before a port counts; the answer, if any, says why it may not. */
  readonly admit: (listening: Listening) => string | undefined;
  /** A port that was admitted, and counts. */
  readonly announced: (listening: Listening) => void;
  readonly felt: (vitals: Vitals) => void;
}

/** One child process as the front sees it. It starts with its construction, and never twice. */
export class Worker {
  readonly slot: number;
  readonly generation: number;
  readonly pid: number | undefined;
  readonly #post: Post;
  readonly #around: Surroundings;
  readonly #log: WorkerLog;
  readonly #lifecycle: Lifecycle<WorkerState>;
  readonly #spawned: Spawned | undefined;
  readonly #output: Output | undefined;
  readonly #doors = new Map<number, OpenDoor>();
  readonly #proof: Proof;
  readonly #ready = new Deferred<void>();
  readonly #exited = new Deferred<Exit>();
  readonly #gone = new Deferred<void>();
  /** What the agent says when it was told to retire, and has done so. */
  readonly #drained = new Deferred<void>();
  readonly #startedAt = performance.now();
  /** Its process group, until that has no member left: from then on the number may be anybody's. */
  #group: number | undefined;
  #readyAt: number | undefined;
  #vitals: Vitals | undefined;
  /** Why it failed, when it was the front that gave it up. */
  #reason: string | undefined;

  constructor(post: Post, around: Surroundings) {
    this.slot = post.slot;
    this.generation = post.generation;
    this.#post = post;
    this.#around = around;
    this.#lifecycle = new Lifecycle<WorkerState>(`Worker ${post.slot}`, 'starting', MOVES);
    this.#proof = new Proof(around.demands, this.#doors, this.#lifecycle.scope, () => this.#becomeReady());
    this.#spawned = around.spawn(post, (reason) => this.#neverStarted(reason));
    this.pid = this.#spawned?.pid;
    this.#group = this.pid;
    this.#log = new WorkerLog(around.journal, { slot: post.slot, generation: post.generation, pid: this.pid });
    this.#output = this.#spawned && this.#follow(this.#spawned);
  }

  get state(): WorkerState {
    return this.#lifecycle.state;
  }

  /** The private sides of its public ports, by public port. */
  get doors(): ReadonlyMap<number, OpenDoor> {
    return this.#doors;
  }

  /** Aborted when the present state is left. */
  get scope(): AbortSignal {
    return this.#lifecycle.scope;
  }

  /** What its agent measured last. */
  get vitals(): Vitals | undefined {
    return this.#vitals;
  }

  /** Resolves when it is ready; rejects with a {@link WorkerFailure} when it never will be. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves in the tick in which its process ended. */
  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  /** Resolves when the rest of its process group has ended as well. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Where it takes connections; absent unless with `--backend cluster`, or when it could not be started. */
  get handOver(): HandOver | undefined {
    return this.#spawned?.handOver;
  }

  /** How long it may finish what it holds, in milliseconds. */
  get drainTimeout(): number {
    return this.#post.config.drainTimeout;
  }

  /**
   * Tells its agent that clients' own connections (`--backend cluster`, tcp mode) are to go: answers close theirs from now on, idle
   * ones close over `spreadMs` milliseconds in `idleMs`; resolves when none is left, or it has ended.
   */
  async retire(idleMs: number, spreadMs: number): Promise<void> {
    if (this.#lifecycle.is('exited')) return;
    const order: Order = { type: 'retire', idleMs, spreadMs };
    this.#spawned?.channel.write(`${JSON.stringify(order)}\n`);
    await Promise.race([this.#drained.promise, this.exited]);
  }

  /** In ms, since it was started. */
  get uptimeMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Takes no new work; resolves when what it holds is done, `drainTimeout` has passed, or it has ended. */
  drain(done: Promise<unknown>): Promise<void> {
    this.#lifecycle.to('draining');
    return new Promise((resolve) => {
      this.#lifecycle.after(this.#post.config.drainTimeout, resolve);
      this.#lifecycle.scope.addEventListener('abort', () => resolve(), { once: true });
      done.then(
        () => resolve(),
        () => resolve(),
      );
    });
  }

  /** Sends the stop signal, and SIGKILL to its whole group after `killTimeout`. A ready worker that never drained is cut off. */
  stop(): void {
    if (!this.#enterStopping()) return;
    const { stopSignal, killTimeout } = this.#post.config;
    // Only the leader: a program that shuts down its own children in order must not find them dead already.
    this.#spawned?.process.kill(stopSignal);
    this.#lifecycle.after(killTimeout, () => this.#killLate(stopSignal, killTimeout));
  }

  /** Kills its whole group at once, also what is left of it when the worker itself has exited. */
  kill(): void {
    this.#enterStopping();
    if (this.#group !== undefined) signalGroup(this.#group, 'SIGKILL');
  }

  #enterStopping(): boolean {
    if (this.#lifecycle.is('stopping', 'exited')) return false;
    if (this.#lifecycle.is('ready')) this.#lifecycle.to('draining');
    this.#lifecycle.to('stopping');
    this.#ready.reject(new ZdlbError('worker', `Worker ${this.slot} was stopped before it was ready`));
    return true;
  }

  #killLate(stopSignal: string, killTimeout: number): void {
    this.#log.killed(stopSignal, killTimeout);
    this.kill();
  }

  #follow({ process, pid, stdout, stderr, channel }: Spawned): Output {
    const { warden, demands } = this.#around;
    warden.add(pid);
    process.once('exit', (code, signal) => this.#leave(code, signal));
    process.on('error', () => {}); // a signal that could not be delivered: the exit is on its way
    this.#log.started();
    readChannel(
      channel,
      (message) => this.#hear(message),
      (line) => this.#log.malformed(line),
    );
    this.#lifecycle.after(this.#post.config.readyTimeout, () => this.#late());
    if (demands.readiness.kind === 'running') this.#lifecycle.after(demands.readiness.ms, () => this.#proof.ran());
    return new Output(stdout, stderr, (stream, line) => this.#log.output(stream, line));
  }

  #hear(message: AgentMessage): void {
    // The rest of what was in the pipe, of which only a last complaint matters.
    if (this.#lifecycle.is('exited') && message.type !== 'refused') return;
    switch (message.type) {
      case 'listening':
        return this.#listens(message);
      case 'ready':
        return this.#proof.spoke();
      case 'vitals':
        this.#vitals = message;
        return this.#around.felt(message);
      case 'drained':
        return this.#drained.resolve();
      case 'refused':
        return this.#complain(`can't run under zdlb: ${message.reason}`);
      default:
        return message satisfies never;
    }
  }

  #listens(listening: Listening): void {
    const complaint = this.#around.admit(listening);
    if (complaint !== undefined) return this.#complain(complaint);
    const { door, port, protocol } = listening;
    if (door !== undefined) this.#doors.set(port, { ...door, protocol });
    this.#around.announced(listening);
    this.#proof.opened();
  }

  /** The end of a worker that is starting; a ready one serves what it has opened so far. */
  #complain(complaint: string): void {
    if (this.#lifecycle.is('starting')) return this.#fail(complaint);
    this.#log.refused(complaint);
  }

  #becomeReady(): void {
    if (!this.#lifecycle.is('starting')) return;
    this.#lifecycle.to('ready');
    this.#readyAt = performance.now();
    this.#log.ready(Math.round(this.uptimeMs));
    this.#ready.resolve();
  }

  #late(): void {
    if (!this.#lifecycle.is('starting')) return;
    this.#fail(`was not ready within ${formatDuration(this.#post.config.readyTimeout)}: ${this.#proof.missing}`);
  }

  #fail(reason: string): void {
    this.#reason = reason;
    this.#ready.reject(new WorkerFailure(`Worker ${this.slot} ${reason}`, this.#output?.tail.lines ?? []));
    this.stop();
  }

  /** Tells the owner later: the constructor may still be running. */
  #neverStarted(reason: string): void {
    queueMicrotask(() => {
      if (this.pid !== undefined) return; // an error of a running process
      this.#reason = `could not be started: ${reason}`;
      this.#leave(null, null);
    });
  }

  #leave(code: number | null, signal: NodeJS.Signals | null): void {
    const servedMs = this.#readyAt === undefined ? undefined : performance.now() - this.#readyAt;
    const end = { code, signal, from: this.state, servedMs };
    this.#lifecycle.to('exited');
    const exit: Exit = { ...end, failure: this.#lastWords(end) };
    this.#exited.resolve(exit);
    void this.#wrapUp(exit);
  }

  async #lastWords(end: Omit<Exit, 'failure'>): Promise<WorkerFailure> {
    await this.#output?.settle();
    const { gist, lines } = this.#output?.tail ?? { gist: undefined, lines: [] };
    return new WorkerFailure(`Worker ${this.slot} ${this.#reason ?? inWords(end, gist)}`, lines);
  }

  async #wrapUp(exit: Exit): Promise<void> {
    await Promise.all([this.#report(exit), this.#endGroup()]);
    this.#gone.resolve();
  }

  /** After its last output, so that the journal tells things in their order. */
  async #report(exit: Exit): Promise<void> {
    const failure = await exit.failure;
    this.#ready.reject(failure);
    this.#log.exited(exit, failure, exit.from === 'stopping' && this.#reason === undefined);
  }

  async #endGroup(): Promise<void> {
    if (this.#group === undefined) return;
    await endGroup(this.#group, this.#post.config.killTimeout);
    this.#around.warden.remove(this.#group);
    this.#group = undefined;
  }
}
