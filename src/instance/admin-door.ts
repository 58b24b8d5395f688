import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Exhibit } from '../admin/exhibit.js';
import type { Token } from '../admin/token.js';
import type { Config } from '../core/config.js';
import { Deferred } from '../core/deferred.js';
import { ZdlbError, messageOf, systemCode } from '../core/errors.js';
import type { Journal } from '../core/journal.js';
import { type InternetAddress, writtenAddress } from '../core/public-address.js';

/** Who may look, and where that is to be read anew. */
interface Lock {
  readonly host: string | undefined;
  readonly read: (() => Token) | undefined;
  token: Token | undefined;
}

/** The door by which others look at an instance: the status page, probes of orchestrators, Prometheus. */
export class AdminDoor {
  readonly #server: Server;
  readonly #exhibit: Deferred<Exhibit>;
  readonly #lock: Lock;
  readonly #journal: Journal;

  private constructor(server: Server, exhibit: Deferred<Exhibit>, lock: Lock, journal: Journal) {
    this.#server = server;
    this.#exhibit = exhibit;
    this.#lock = lock;
    this.#journal = journal;
  }

  /**
   * Opens it where `--admin` says; undefined without. It is open before the first worker is ready, so that a probe is answered that
   * it is not, and not refused.
   *
   * @throws {ZdlbError} `start`
   */
  static async open({ admin, adminTokenFile }: Config, journal: Journal): Promise<AdminDoor | undefined> {
    if (admin === undefined) return undefined;
    const [{ adminServer }, { Token }] = await Promise.all([import('../admin/server.js'), import('../admin/token.js')]);
    const read = adminTokenFile === undefined ? undefined : () => Token.read(adminTokenFile);
    const lock: Lock = { host: admin.host, read, token: read?.() };
    const exhibit = new Deferred<Exhibit>();
    const server = adminServer(lock, exhibit.promise);
    await listen(server, admin);
    const host = admin.host ?? 'localhost';
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${admin.port}/`;
    journal.info({ event: 'admin.listening', ...admin }, `The status page is at ${url}`);
    return new AdminDoor(server, exhibit, lock, journal);
  }

  /** Answers from now on. */
  serve(exhibit: Exhibit): void {
    this.#exhibit.resolve(exhibit);
  }

  /** Reads the token anew. One that can't be used leaves the former one in force. */
  renew(): void {
    const { read, token: former } = this.#lock;
    if (read === undefined || former === undefined) return;
    try {
      const token = read();
      if (token.isSame(former)) return;
      this.#lock.token = token;
    } catch (error) {
      const reason = messageOf(error);
      this.#journal.warn({ event: 'admin.token-kept', reason }, `The former admin token stays in force: ${reason}`);
      return;
    }
    this.#server.closeAllConnections(); // who follows the events was let in by the former one
    this.#journal.info({ event: 'admin.token-renewed' }, 'The admin token is another one, read from its file');
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function listen(server: Server, address: InternetAddress): Promise<void> {
  try {
    server.listen({ ...address });
    await once(server, 'listening');
  } catch (error) {
    throw new ZdlbError('start', `Cannot open --admin ${writtenAddress(address)}: ${explain(error)}`, { cause: error });
  }
  server.on('error', () => {}); // a connection that could not be accepted is lost, the server is not
}

function explain(error: unknown): string {
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return 'the port is taken. Stop what listens there, or choose another';
    case 'EACCES':
      return 'permission denied. Choose a port above 1023';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address';
    case 'ENOTFOUND':
      return 'no such host';
    default:
      return messageOf(error);
  }
}
