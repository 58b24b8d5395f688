import { type Server, createServer } from 'node:net';
import { ZdlbError, messageOf, systemCode } from '../core/errors.js';
import { Client } from './client.js';

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
  /** Closes what did not come to `relay` yet. */
  dismiss(relay: Relay): void;
}

/** More than the kernel's usual bound (somaxconn, 4096) is cut to it. */
const BACKLOG = 4_096;

/** A public port: its addresses, and the client connections accepted on them. */
export class Listener {
  readonly #port: number;
  readonly #relay: Relay;
  readonly #gate: Gate;
  readonly #servers = new Map<string, Promise<Server>>();

  constructor(port: number, relay: Relay, gate: Gate) {
    this.#port = port;
    this.#relay = relay;
    this.#gate = gate;
  }

  /** Whether clients can connect anywhere. */
  get isOpen(): boolean {
    return this.#servers.size > 0;
  }

  /** How many client connections are open. */
  get connections(): number {
    return this.#relay.connections;
  }

  /**
   * Opens the port on `host`, or on all addresses; whether it was not open there yet.
   *
   * @throws {ZdlbError} `start`, when the address is taken or not to be had
   */
  async open(host: string | undefined): Promise<boolean> {
    const key = host ?? '';
    const known = this.#servers.get(key);
    const opening = known ?? this.#listen(host);
    this.#servers.set(key, opening);
    try {
      await opening;
    } catch (error) {
      this.#servers.delete(key); // it may be had another time
      throw error;
    }
    return known === undefined;
  }

  /** Accepts no further connection; resolves when those that are open have ended. */
  async finish(): Promise<void> {
    this.#gate.dismiss(this.#relay);
    this.#relay.finish();
    await Promise.allSettled([...this.#servers.values()].map(async (opening) => closed(await opening)));
  }

  /** Closes everything at once. */
  close(): void {
    this.#gate.dismiss(this.#relay); // before the relay makes room for them
    this.#relay.close();
    for (const opening of this.#servers.values()) opening.then((server) => server.close()).catch(() => {});
  }

  async #listen(host: string | undefined): Promise<Server> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#gate.admit(new Client(socket), this.#relay),
    );
    try {
      await listen(server, this.#port, host);
      return server;
    } catch (error) {
      throw new ZdlbError('start', `Cannot listen on ${place(host, this.#port)}: ${explain(error)}`, { cause: error });
    }
  }
}

async function closed(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

async function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, backlog: BACKLOG, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      // With no open files left, libuv accepts what waits with one that it keeps in reserve, and closes it; no error tells.
      // Should accepting fail otherwise, the connection is lost, the server is not.
      server.on('error', () => {});
      resolve();
    });
  });
}

function place(host: string | undefined, port: number): string {
  return host === undefined ? `port ${port}` : `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function explain(error: unknown): string {
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return 'the port is taken by another program. Stop that one, or choose another with --port';
    case 'EACCES':
      return 'permission denied. Choose a port above 1023, run as root, or grant CAP_NET_BIND_SERVICE';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address. Choose another with --host';
    case 'ENOTFOUND':
      return 'no such host. Choose another with --host';
    default:
      return messageOf(error);
  }
}
