import type { Config } from './core/config.js';
import type { Journal } from './core/journal.js';
import type { Listening } from './core/messages.cjs';
import { type PublicAddress, writtenAddress } from './core/public-address.js';
import { tellListening } from './announcement.js';
import type { InheritedSockets } from './inherited-sockets.js';
import { addressesOf } from './public-addresses.js';
import { type Premises, PublicPort } from './public-port.js';
import type { Load, Tally } from './supervisor/data-path.js';
import type { OpenDoor, Worker } from './supervisor/worker.js';

/** What a port of a running front looks like from outside. */
export interface ListenerStatus {
  /** Where clients reach it only at Unix sockets: what the program asked for, 0 for a command. */
  readonly port: number;
  readonly mode: 'http' | 'tcp';
  /** As they are written in options: `:8000`, `[::1]:8000`, `unix:/run/app.sock`. */
  readonly addresses: readonly string[];
  readonly connections: number;
}

/** Who is told that something was opened. */
interface Openings {
  /** A port, which has no address yet. */
  port(port: PublicPort): void;
  /** An address of the first port; what it throws ends the start. */
  firstAddress(): void;
}

/** The public ports of a front: those that its program opens, of which one is the first, and the operator's. */
export class PublicPorts implements Iterable<PublicPort> {
  #config: Config;
  readonly #premises: Premises;
  readonly #inherited: InheritedSockets;
  readonly #journal: Journal;
  readonly #openings: Openings;
  readonly #ports = new Map<number, PublicPort>();
  /** The number of the first port, once a worker has told it. */
  #first: number | undefined;

  constructor(config: Config, premises: Premises, inherited: InheritedSockets, journal: Journal, openings: Openings) {
    this.#config = config;
    this.#premises = premises;
    this.#inherited = inherited;
    this.#journal = journal;
    this.#openings = openings;
  }

  [Symbol.iterator](): IterableIterator<PublicPort> {
    return this.#ports.values();
  }

  /** What each looks like from outside, the first one first. */
  get status(): readonly ListenerStatus[] {
    const ports = [...this].toSorted((one, other) => Number(this.#isFirst(other)) - Number(this.#isFirst(one)));
    return ports.map(({ port, mode, addresses, connections }) => ({
      port,
      mode,
      addresses: addresses.map(writtenAddress),
      connections,
    }));
  }

  /**
   * See {@link DataPath.open}.
   *
   * @throws {ZdlbError} `start`, when the address is taken or not to be had
   */
  async open(listening: Listening): Promise<void> {
    if (this.#isNamed(listening)) this.#first ??= listening.port;
    const port = this.#ports.get(listening.port) ?? this.#add(listening);
    try {
      for (const address of addressesOf(listening, this.#isFirst(port), this.#config, this.#inherited.all))
        if (await port.open(address)) this.#announce(port, address);
    } finally {
      if (!port.isOpen) this.#ports.delete(listening.port);
    }
  }

  configure(config: Config): void {
    this.#config = config;
    for (const port of this) port.configure(config);
  }

  swap(workers: readonly Worker[]): void {
    for (const port of this) port.swap(workers);
  }

  /** What clients were answered with the worker's help, on all of them. */
  tally(worker: Worker): Tally {
    const tallies: Tally[] = [...this].map((port) => port.tally(worker));
    if (this.#isAgentCounting && worker.vitals !== undefined) tallies.push(worker.vitals);
    const sum = (key: keyof Tally) => tallies.reduce((total, tally) => total + tally[key], 0);
    return { answers: sum('answers'), errors: sum('errors') };
  }

  /** What the worker has to do, on all of them. */
  load(worker: Worker): Load {
    if (this.#isAgentCounting) return { inFlight: worker.vitals?.inFlight ?? 0, requests: worker.vitals?.answers ?? 0 };
    const sum = (of: (port: PublicPort) => number) => [...this].reduce((total, port) => total + of(port), 0);
    return { inFlight: sum((port) => port.inFlight(worker)), requests: sum((port) => port.tally(worker).requests) };
  }

  /** The first one that `worker` has open, and HTTP is spoken on as far as one can tell from outside. */
  probed({ doors }: Worker): number | undefined {
    const order = [this.#config.port, this.#first, ...this.#ports.keys(), ...doors.keys()];
    const open = order.filter((port) => typeof port === 'number').filter((port) => doors.has(port));
    return open.find((port) => isHttp(doors.get(port)!)) ?? open[0];
  }

  /** Takes no new connections; resolves when the last one has ended. */
  async finish(): Promise<void> {
    await Promise.all([...this].map((port) => port.finish()));
  }

  /** Closes everything at once. */
  close(): void {
    for (const port of this) port.close();
  }

  /** Connections that were handed over to the workers are out of sight: what is done on them, only the agent sees. */
  get #isAgentCounting(): boolean {
    return this.#config.backend === 'cluster';
  }

  #add({ port: number, protocol }: Listening): PublicPort {
    const { mode: wanted, backend } = this.#config;
    const mode = backend === 'cluster' ? 'tcp' : wanted === 'auto' ? protocol : wanted;
    const port = new PublicPort(number, mode, this.#config, this.#premises);
    this.#ports.set(number, port);
    this.#openings.port(port);
    return port;
  }

  /** Whether it is the one that `--port` names, in whatever order the program opens them; else the first that it opens. */
  #isNamed({ port, isFirst }: Listening): boolean {
    const { port: wanted, listen } = this.#config;
    if (typeof wanted === 'number') return port === wanted;
    return listen.length === 0 || isFirst === true;
  }

  #isFirst({ port }: PublicPort): boolean {
    return port === this.#first;
  }

  #announce(opened: PublicPort, address: PublicAddress): void {
    if (this.#isFirst(opened)) this.#openings.firstAddress();
    tellListening(this.#journal, opened, address, {
      isPassed: this.#inherited.has(address),
      isSticky: this.#config.sticky !== 'off',
    });
  }
}

const isHttp = ({ protocol, tls }: OpenDoor) => protocol === 'http' || tls === true;
