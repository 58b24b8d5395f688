import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, lstatSync, renameSync, statSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { inodeOf, isListening } from '../unix-socket.js';

/** How many bytes the path of a Unix socket may have; what is longer, some versions of Node cut off without a word. */
export const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
/** Of the name under which a socket is made, before it is moved to its place. */
const TEMPORARY_LENGTH = 9;

export interface SocketOptions {
  readonly path: string;
  /** The permissions of the file. */
  readonly mode: number;
  readonly backlog: number;
}

/** The file of a Unix socket on which a server listens, from the time that it is there until it is removed. */
export class SocketFile {
  readonly #path: string;
  #identity: string | undefined;

  private constructor(path: string) {
    this.#path = path;
    this.#identity = inodeOf(path);
  }

  /**
   * Lets `server` listen at a path. A socket that nobody listens on any more is replaced; anything else there is left alone.
   *
   * @throws {Error} whose message says why not, and what to do
   */
  static async listen(server: Server, options: SocketOptions): Promise<SocketFile> {
    const { path } = options;
    checkPath(path);
    let stale: string | undefined;
    // While we look who listens there, another front may come, or go.
    do stale = await staleAt(path);
    while (inodeOf(path) !== stale);
    await place(server, options);
    return new SocketFile(path);
  }

  /** Removes it if it is still there, and not another one in its place. Before the server closes: then its inode is free. */
  remove(): void {
    const own = this.#identity;
    this.#identity = undefined; // another file may get it from now on
    try {
      if (own !== undefined && inodeOf(this.#path) === own) unlinkSync(this.#path);
    } catch {} // the folder may be another's by now
  }
}

/**
 * Made under another name and moved to its place in one step: nobody ever finds a socket there that refuses to connect (as it does
 * between bind() and listen(), and looks stale then) or that has other permissions. And what libuv unlinks by its name when
 * the server closes is not there any more, so it never hits another one's.
 */
async function place(server: Server, { path, mode, backlog }: SocketOptions): Promise<void> {
  const temporary = temporaryName(path);
  const umask = process.umask(0o777 & ~mode);
  try {
    server.listen({ path: temporary, backlog }); // binds in this tick
  } finally {
    process.umask(umask);
  }
  if (!server.listening) throw await failureOf(server);
  try {
    chmodSync(temporary, mode); // where the folder has a default ACL, that holds in the place of the umask
    renameSync(temporary, path);
  } catch (error) {
    server.close();
    throw error;
  }
}

/** No longer than the place itself may be. */
function temporaryName(path: string): string {
  const room = MAX_PATH_BYTES - Buffer.byteLength(dirname(path)) - 1;
  return join(
    dirname(path),
    `~${randomBytes(TEMPORARY_LENGTH).toString('hex')}`.slice(0, Math.min(TEMPORARY_LENGTH, room)),
  );
}

async function failureOf(server: Server): Promise<Error> {
  const [error] = (await once(server, 'error')) as [Error];
  return error;
}

function checkPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES)
    throw new Error(
      `its path has ${bytes} bytes, and the system takes ${MAX_PATH_BYTES} at most. Choose a shorter one`,
    );
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Error(`there is no folder ${folder}. Make it first`);
}

/** The identity of a socket that nobody listens on, undefined where there is nothing. */
async function staleAt(path: string): Promise<string | undefined> {
  const identity = inodeOf(path);
  if (identity === undefined) return undefined;
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === false)
    throw new Error('what is there is no socket. Remove it, or choose another path');
  if (await isListening(path))
    throw new Error('the socket is taken by another program. Stop that one, or choose another path');
  return identity;
}
