import type { Config } from './core/config.js';
import type { Door } from './core/messages.cjs';
import type { PublicAddress } from './core/public-address.js';
import { Backend } from './proxy/backend.js';
import { Balancer, type Hold } from './proxy/balancer.js';
import type { Book } from './proxy/book.js';
import { HandOverRelay, type Recipient } from './proxy/hand-over.js';
import { type HttpEngineRelay, makeHttpRelay } from './proxy/http-engine.js';
import type { HttpSettings } from './proxy/http-settings.js';
import { type Gate, Listener, type Neighbourhood } from './proxy/listener.js';
import { Tally } from './proxy/tally.js';
import { SlotCookies } from './proxy/slot-cookies.js';
import { TcpRelay } from './proxy/tcp-relay.js';
import type { Worker } from './supervisor/worker.js';

/** Where a front's ports write down what happens on them. */
export interface Books {
  /** Http mode. */
  readonly requests: Book;
  /** Tcp mode, and `--backend cluster`. */
  readonly connections: Book;
}

/** What the ports of one front share. */
export interface Premises extends Neighbourhood {
  readonly gate: Gate;
  readonly books: Books;
}

/** One public port: where clients come in, how their work is relayed, and over whom it is balanced. */
export class PublicPort {
  readonly port: number;
  readonly mode: 'http' | 'tcp';
  readonly #balancer: Balancer;
  readonly #relay: HandOverRelay | HttpEngineRelay | TcpRelay;
  readonly #listener: Listener;
  readonly #cookies: SlotCookies;
  /** By door: a program that closes and listens again has another one. */
  readonly #backends = new WeakMap<Door, Backend>();
  /** The latest door's, and those of former doors that still hold work. */
  readonly #holders = new WeakMap<Worker, readonly Backend[]>();
  readonly #tallies = new WeakMap<Worker, Tally>();
  /** Under `--backend cluster`. */
  readonly #recipients = new WeakMap<Backend, Recipient>();

  constructor(port: number, mode: 'http' | 'tcp', config: Config, { gate, books, ...neighbourhood }: Premises) {
    this.port = port;
    this.mode = mode;
    this.#cookies = new SlotCookies(cookieLabel(config, port));
    const settings = this.#settingsOf(config);
    this.#balancer = new Balancer(settings.hold, config);
    this.#relay = this.#makeRelay(config, settings, books);
    this.#listener = new Listener(this.#relay, gate, { ...neighbourhood, socketMode: config.socketMode });
  }

  /** Whether clients can connect anywhere. */
  get isOpen(): boolean {
    return this.#listener.isOpen;
  }

  /** Where clients can connect. */
  get addresses(): readonly PublicAddress[] {
    return this.#listener.addresses;
  }

  get connections(): number {
    return this.#listener.connections;
  }

  /**
   * Lets clients in at an address; whether it was not open yet.
   *
   * @throws {ZdlbError} `start`, when the address is taken or not to be had
   */
  async open(address: PublicAddress): Promise<boolean> {
    return this.#listener.open(address);
  }

  /** From this tick on, `config` says how long things may take and how large they may be. */
  configure(config: Config): void {
    const settings = this.#settingsOf(config);
    this.#balancer.configure(settings.hold, config);
    this.#relay.settings = settings;
  }

  /** From this tick on, new work goes to those of `workers` that have opened this port. */
  swap(workers: readonly Worker[]): void {
    this.#balancer.swap(workers.map((worker) => this.#backendOf(worker)).filter((backend) => backend !== undefined));
  }

  /** How many requests and connections wait for a worker. */
  get waiting(): number {
    return this.#balancer.waiting;
  }

  /** See {@link Balancer.out}. */
  get out(): Balancer['out'] {
    return this.#balancer.out;
  }

  /** From this tick on no worker gets new work, until {@link resume}. */
  pause(): void {
    this.#balancer.pause();
  }

  /** Resolves when all that were held back have been let go, in the course of `ms` milliseconds. */
  async resume(ms: number): Promise<void> {
    await this.#balancer.resume(ms);
  }

  /** Refuses those that are held back, and what comes from now on. */
  shut(): void {
    this.#balancer.shut();
  }

  /** Resolves when `worker` holds no work of this port. */
  async drained(worker: Worker): Promise<void> {
    await Promise.all(this.#holdersOf(worker).map((backend) => backend.drained()));
  }

  /** Ends what lasts with `worker`, spread over `ms` milliseconds, as far as it does not end by itself. */
  disperse(worker: Worker, ms: number, until: AbortSignal): void {
    for (const backend of this.#holdersOf(worker)) backend.disperse(ms, until);
  }

  /** Whether `worker` has an agent, and connections of this port that only that can look into. */
  isSeenByAgent(worker: Worker): boolean {
    return this.mode === 'tcp' && worker.doors.get(this.port)?.secret !== undefined;
  }

  /** What clients were answered on this port with `worker`'s help. In tcp mode nobody can tell. */
  tally(worker: Worker): Tally {
    const tally = this.#tallies.get(worker) ?? new Tally();
    this.#tallies.set(worker, tally);
    return tally;
  }

  /** How much work of this port `worker` holds. */
  inFlight(worker: Worker): number {
    return this.#holdersOf(worker).reduce((sum, { leases }) => sum + leases, 0);
  }

  /** Takes no new connections; resolves when the last one has ended. */
  async finish(): Promise<void> {
    await this.#listener.finish();
  }

  /** Closes everything at once. Who still waits for a worker is told that there is none, and not cut off. */
  close(): void {
    this.#balancer.close();
    this.#listener.close();
  }

  #makeRelay(config: Config, settings: HttpSettings, books: Books): HandOverRelay | HttpEngineRelay | TcpRelay {
    const recipientOf = (backend: Backend) => this.#recipients.get(backend);
    if (config.backend === 'cluster')
      return new HandOverRelay(this.#balancer, settings, { port: this.port, recipientOf }, books.connections);
    if (this.mode === 'http') return makeHttpRelay(config.httpEngine, this.#balancer, settings, books.requests);
    return new TcpRelay(this.#balancer, settings, books.connections);
  }

  #holdersOf(worker: Worker): readonly Backend[] {
    return this.#holders.get(worker) ?? [];
  }

  #backendOf(worker: Worker): Backend | undefined {
    const door = worker.doors.get(this.port);
    if (door === undefined) return undefined;
    const known = this.#backends.get(door);
    if (known !== undefined) return known;
    const backend = new Backend(door, {
      tally: this.tally(worker),
      slot: worker.slot,
      generation: worker.generation,
      showsClients: door.hidesClients !== true,
      sendsProxy: door.takesProxy === true,
    });
    this.#backends.set(door, backend);
    this.#holders.set(worker, [backend, ...this.#holdersOf(worker).filter(({ leases }) => leases > 0)]);
    if (worker.handOver !== undefined) this.#recipients.set(backend, worker.handOver);
    return backend;
  }

  #settingsOf(config: Config): HttpSettings & { readonly hold: Hold } {
    return {
      ...config,
      trusts: (address) => config.trustProxy.trusts(address),
      hold: { timeout: config.holdTimeout, max: config.holdMax },
      cookies: config.sticky === 'cookie' ? this.#cookies : undefined,
    };
  }
}

/** Two instances of one host may have the same name, but not the same port; with `--port`, all ports of one share a cookie. */
function cookieLabel({ name, port: wanted }: Pick<Config, 'name' | 'port'>, port: number): string {
  const number = typeof wanted === 'number' ? wanted : port;
  return name === undefined ? String(number) : `${name}_${number}`;
}
