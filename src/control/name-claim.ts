import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { ZdlbError, systemCode } from '../core/errors.js';
import { inodeOf, isListening, isSocket } from '../unix-socket.js';
import { clearAway } from './stale-sockets.js';

/** Where a longer path is cut off without a word by some systems. */
const MAX_PATH_BYTES = 103;
/** So that a socket that is not linked yet has no longer a path than the shortest name's, `a.sock`, would have. */
const MADE_LENGTH = 5;
/** How many instances of one defaulted name there may be. */
const MAX_NUMBER = 1_000;

/** A name that this process has for itself, and the control socket that says so. */
export interface NameClaim {
  readonly name: string;
  /** Gives the name up. */
  release(): void;
}

/**
 * Claims a name by letting `server` listen on its socket. A name that somebody is known by gets a number behind it (`-2`), unless it
 * was chosen.
 *
 * The socket is made under another name and then linked to its own: of two that start at once, one gets it. One that nobody
 * listens on any more, since its front was killed, is cleared away.
 *
 * @throws {ZdlbError} `start`, when a chosen name is taken, the path is too long, or something else than a socket is there
 */
export async function claimName(server: Server, folder: string, wanted: string, isChosen: boolean): Promise<NameClaim> {
  const made = join(folder, `.${randomBytes(4).toString('base64url').slice(0, MADE_LENGTH)}`);
  checkLength(join(folder, `${wanted}.sock`));
  const umask = process.umask(0o177);
  server.listen(made);
  process.umask(umask);
  await once(server, 'listening');
  server.on('error', () => {}); // should accepting fail, whoever asks is lost, the front is not
  try {
    return await linked(made, folder, wanted, isChosen);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(made, { force: true });
  }
}

async function linked(made: string, folder: string, wanted: string, isChosen: boolean): Promise<NameClaim> {
  for (let number = 1; number <= MAX_NUMBER; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    const path = join(folder, `${name}.sock`);
    checkLength(path); // a number makes it longer
    if (await isTaken(made, path)) {
      const own = inodeOf(path);
      return { name, release: () => release(path, own) };
    }
    if (isChosen)
      throw new ZdlbError('start', `An instance named ${wanted} runs already. Stop it, or choose another --name`);
  }
  throw new ZdlbError('start', `There are ${MAX_NUMBER} instances named ${wanted} already: choose a --name`);
}

/** Whether the path is this process's now, and not that of another one that is alive. */
async function isTaken(made: string, path: string): Promise<boolean> {
  for (;;) {
    if (isLinked(made, path)) return true;
    const there = inodeOf(path);
    if (there === undefined) continue; // it went just now
    if (await isListening(path)) return false;
    // Where another one that starts has cleared it away meanwhile, there is no socket either.
    if (!isSocket(path) && inodeOf(path) === there)
      throw new ZdlbError('start', `Cannot make the control socket ${path}: something else is there`);
    clearAway(path, there);
  }
}

function isLinked(made: string, path: string): boolean {
  try {
    linkSync(made, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function release(path: string, own: string | undefined): void {
  if (own !== undefined && inodeOf(path) === own) rmSync(path, { force: true });
}

function checkLength(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES)
    throw new ZdlbError(
      'start',
      `The path of the control socket, ${path}, has ${bytes} bytes, and a socket's may have ${MAX_PATH_BYTES}: set ZDLB_HOME to a shorter folder`,
    );
}
