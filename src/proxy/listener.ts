import { once } from 'node:events';
import { type Server, createServer } from 'node:net';
import { ZdlbError, messageOf, systemCode } from '../core/errors.js';
import { type PublicAddress, writtenAddress } from '../core/public-address.js';
import { Client } from './client.js';
import { SocketFile } from './socket-file.js';

/** What an accepted connection is for. */
export interface Relay {
  /** How many client connections are open. */
  readonly connections: number;
  /** Takes over a client, paused and not yet read; calls `closed` once, when the connection has ended. */
  accept(client: Client, closed: () => void): void;
  /** Lets what is under way end and closes what is idle. */
  finish(): void;
  /** Closes everything at once. */
  close(): void;
}

/** What a listener hands its connections to: it decides when they come to their relay. */
export interface Gate {
  /** Hands a client, paused and not yet read, to `relay`: now, later, or never. */
  admit(client: Client, relay: Relay): void;
  /** Closes what has not come to `relay` yet; what comes without waiting for room may still do so within `graceMs`, 0 by default. */
  dismiss(relay: Relay, graceMs?: number): void;
}

/** What one listener shares with the others of a front. */
export interface Neighbourhood {
  /** The permissions of a Unix socket's file; 0660 by default. */
  readonly socketMode?: number;
  /** All addresses that are open, of whichever listener. */
  readonly open?: Set<PublicAddress>;
  /** What somebody else has opened at an address, to be taken instead of opening it. */
  readonly passed?: (address: PublicAddress) => Passed | undefined;
}

/** A socket that listens already, and goes on without this process. */
export interface Passed {
  listen(server: Server, backlog: number): void;
}

/** More than the kernel's usual bound (somaxconn, 4096) is cut to it. */
const BACKLOG = 4_096;
const SOCKET_MODE = 0o660;

/** What listens on one address. */
interface Opened {
  readonly address: PublicAddress;
  readonly server: Server;
  readonly file?: SocketFile;
}

/** How long what was just accepted may take to come to its relay when the port is about to close. */
const GRACE_MS = 250;

/** A public port: its addresses, and the client connections accepted on them. */
export class Listener {
  readonly #relay: Relay;
  readonly #gate: Gate;
  readonly #socketMode: number;
  readonly #neighbours: Set<PublicAddress>;
  readonly #passed: NonNullable<Neighbourhood['passed']>;
  /** By address. */
  readonly #openings = new Map<string, Promise<Opened>>();
  readonly #opened = new Set<Opened>();
  #isClosed = false;

  constructor(relay: Relay, gate: Gate, neighbourhood: Neighbourhood = {}) {
    const { socketMode = SOCKET_MODE, open = new Set(), passed = () => undefined } = neighbourhood;
    this.#relay = relay;
    this.#gate = gate;
    this.#socketMode = socketMode;
    this.#neighbours = open;
    this.#passed = passed;
  }

  /** Whether clients can connect anywhere. */
  get isOpen(): boolean {
    return this.#openings.size > 0;
  }

  /** Where clients can connect. */
  get addresses(): readonly PublicAddress[] {
    return [...this.#opened].map(({ address }) => address);
  }

  /** How many client connections are open. */
  get connections(): number {
    return this.#relay.connections;
  }

  /**
   * Lets clients in at an address; whether it was not open yet.
   *
   * @throws {ZdlbError} `start`, when the address is taken or not to be had
   */
  async open(address: PublicAddress): Promise<boolean> {
    const key = keyOf(address);
    const known = this.#openings.get(key);
    const opening = known ?? this.#listen(address);
    this.#openings.set(key, opening);
    try {
      await opening;
    } catch (error) {
      this.#openings.delete(key); // it may be had another time
      throw error;
    }
    return known === undefined;
  }

  /** Accepts no further connection; resolves when those that are open have ended. */
  async finish(): Promise<void> {
    this.#gate.dismiss(this.#relay, GRACE_MS);
    this.#relay.finish();
    await Promise.allSettled([...this.#openings.values()].map(async (opening) => closed(await opening)));
  }

  /** Closes everything at once. */
  close(): void {
    this.#isClosed = true;
    this.#gate.dismiss(this.#relay); // before the relay makes room for them
    this.#relay.close();
    for (const opened of this.#opened) void closed(opened);
  }

  async #listen(address: PublicAddress): Promise<Opened> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#gate.admit('path' in address ? new Client(socket, AT_UNIX_SOCKET) : new Client(socket), this.#relay),
    );
    try {
      const opened = { address, server, ...(await this.#bind(server, address)) };
      this.#note(opened);
      return opened;
    } catch (error) {
      throw new ZdlbError('start', `Cannot listen on ${place(address)}: ${this.#explain(error, address)}`, {
        cause: error,
      });
    }
  }

  async #bind(server: Server, address: PublicAddress): Promise<{ readonly file?: SocketFile }> {
    const passed = this.#passed(address);
    if (passed !== undefined) return listen(server, () => passed.listen(server, BACKLOG));
    if (!('path' in address)) return listen(server, () => server.listen({ ...address, backlog: BACKLOG }));
    const file = await SocketFile.listen(server, { path: address.path, mode: this.#socketMode, backlog: BACKLOG });
    surviveErrors(server);
    return { file };
  }

  #note(opened: Opened): void {
    this.#opened.add(opened);
    this.#neighbours.add(opened.address);
    opened.server.once('close', () => {
      this.#opened.delete(opened);
      this.#neighbours.delete(opened.address);
    });
    if (this.#isClosed) void closed(opened);
  }

  #explain(error: unknown, address: PublicAddress): string {
    const isTaken = systemCode(error) === 'EADDRINUSE';
    const neighbour = isTaken ? [...this.#neighbours].find((other) => overlap(other, address)) : undefined;
    if (neighbour === undefined) return explain(error, address);
    return `${writtenAddress(neighbour)} is open already, and the system does not let both be. Leave one of them out`;
  }
}

/** Whether the system would refuse the second. Names are not looked up: then it is just taken. */
function overlap(one: PublicAddress, other: PublicAddress): boolean {
  if (!('port' in one) || !('port' in other) || one.port !== other.port) return false;
  return one.host === other.host || covers(one.host, other.host) || covers(other.host, one.host);
}

function covers(wide: string | undefined, host: string | undefined): boolean {
  return wide === undefined || wide === '::' || (wide === '0.0.0.0' && host?.includes(':') !== true);
}

const AT_UNIX_SOCKET = { family: 'Unix' } as const;

const keyOf = (address: PublicAddress) =>
  `${writtenAddress(address)}${'port' in address && address.ipv6Only === true ? ' ipv6Only' : ''}`;

async function closed({ server, file }: Opened): Promise<void> {
  file?.remove();
  await new Promise((resolve) => server.close(resolve));
}

/** A socket without a file of ours. */
async function listen(server: Server, begin: () => void): Promise<Record<string, never>> {
  begin();
  await once(server, 'listening');
  surviveErrors(server);
  return {};
}

/**
 * With no open files left, libuv accepts what waits with one that it keeps in reserve, and closes it; no error tells. Should
 * accepting fail otherwise, the connection is lost, the server is not.
 */
function surviveErrors(server: Server): void {
  server.on('error', () => {});
}

function place(address: PublicAddress): string {
  return 'port' in address && address.host === undefined ? `port ${address.port}` : writtenAddress(address);
}

function explain(error: unknown, address: PublicAddress): string {
  const code = systemCode(error);
  if ('path' in address)
    return code === 'EACCES' ? 'permission denied. Choose a folder that you may write to' : messageOf(error);
  switch (code) {
    case 'EADDRINUSE':
      return 'the port is taken by another program. Stop that one, or choose another with --port or --listen';
    case 'EACCES':
      return 'permission denied. Choose a port above 1023, run as root, or grant CAP_NET_BIND_SERVICE';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address. Choose another with --host or --listen';
    case 'EAFNOSUPPORT':
      return 'this machine does not speak that version of IP. Choose another with --host or --listen';
    case 'ENOTFOUND':
      return 'no such host. Choose another with --host or --listen';
    default:
      return messageOf(error);
  }
}
