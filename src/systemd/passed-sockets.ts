import { readFileSync, readlinkSync } from 'node:fs';
import { type Server, Socket, type AddressInfo } from 'node:net';
import { ZdlbError, messageOf } from '../core/errors.js';
import type { PassedAddress } from '../core/passed-address.js';
import type { PublicAddress } from '../core/public-address.js';

/** SD_LISTEN_FDS_START. */
const FIRST_DESCRIPTOR = 3;
const VARIABLES = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDNAMES'];
/** In the flags of /proc/net/unix: it listens (__SO_ACCEPTCON). */
const ACCEPTS = 0x1_0000;
const STREAM = '0001';

/** A listening socket that a service manager has opened, and keeps: clients may connect before and after this process. */
export class PassedSocket implements PassedAddress {
  readonly address: PublicAddress;
  readonly standsFor?: number;
  readonly #source: Socket | { readonly fd: number };

  /** @throws {ZdlbError} `start`, when the descriptor is not what it should be */
  constructor(fd: number, name: string) {
    try {
      const path = unixPath(fd);
      this.#source = path === undefined ? new Socket({ fd, readable: false, writable: false }) : { fd };
      this.address = path === undefined ? internetAddress(this.#source as Socket) : { path };
    } catch (error) {
      const reason = `${messageOf(error)}. A socket unit with ListenStream= and Accept=no passes the right ones`;
      throw new ZdlbError('start', `Cannot use the passed descriptor ${fd} (${name}): ${reason}`, { cause: error });
    }
    if (/^\d{1,5}$/.test(name)) this.standsFor = Number(name);
  }

  /** Lets `server` accept here from now on; its end leaves the socket to the service manager. */
  listen(server: Server, backlog: number): void {
    // A socket whose handle is to become the server's, as the documentation of server.listen(handle) has it.
    server.listen(this.#source, backlog);
  }
}

/** What a service manager has passed on. */
export interface Inheritance {
  readonly sockets: readonly PassedSocket[];
  /** The process that it is meant for, if that is not this one: a shell in between, say. */
  readonly heir?: string;
}

/**
 * The sockets that a service manager has passed on to this very process (sd_listen_fds(3)). The variables that say so are removed:
 * they are nobody else's.
 *
 * @throws {ZdlbError} `start`, when a descriptor is no listening stream socket
 */
export function takePassedSockets(env: NodeJS.ProcessEnv = process.env, pid: number = process.pid): Inheritance {
  const { LISTEN_FDS: count = '', LISTEN_PID: heir, LISTEN_FDNAMES: names = '' } = env;
  for (const name of VARIABLES) delete env[name];
  if (heir === undefined || !/^\d{1,3}$/.test(count)) return { sockets: [] };
  if (heir !== String(pid)) return { sockets: [], heir };
  const named = names.split(':');
  const descriptors = Array.from({ length: Number(count) }, (_, index) => FIRST_DESCRIPTOR + index);
  return { sockets: descriptors.map((fd, index) => new PassedSocket(fd, named[index] || 'unknown')) };
}

/** Node can't tell it: the path of a Unix socket, undefined for other sockets. */
function unixPath(fd: number): string | undefined {
  const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(fd)) ?? [];
  const line = linesOf('/proc/net/unix').find((entry) => entry.split(/ +/, 7)[6] === inode);
  if (inode === undefined || line === undefined) return undefined;
  const [, , , flags = '', type] = line.split(/ +/);
  if (type !== STREAM || (Number.parseInt(flags, 16) & ACCEPTS) === 0)
    throw new Error('met a Unix socket of another kind, wanted a stream socket that listens');
  return line.split(/ +/).slice(7).join(' ');
}

/** Linux alone has systemd. */
function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function internetAddress(socket: Socket): PublicAddress {
  const { address, port } = socket.address() as Partial<AddressInfo>;
  if (port === undefined || address === undefined || socket.remoteAddress !== undefined)
    throw new Error('met a connection or a socket of another kind, wanted a stream socket that listens');
  // Whether `::` takes IPv4 too (IPV6_V6ONLY) neither Node nor /proc can tell, so it is not written as if it did.
  return { port, host: address };
}
