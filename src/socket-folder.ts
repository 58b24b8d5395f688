import { lstatSync, mkdtempSync, readdirSync, renameSync, rmSync, rmdirSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ZdlbError, messageOf } from './core/errors.js';
import { MAX_PATH_BYTES } from './proxy/socket-file.js';
import { isListening } from './unix-socket.js';

const PREFIX = 'zdlb-';
/** What mkdtemp makes of the prefix. */
const NAME = /^zdlb-[A-Za-z0-9]{6}$/;
/** The socket on which the folder's front listens as long as it lives. */
const LIFE = 'front.sock';
/** What an agent calls its sockets, and the front its own: nothing else is ever removed. */
const SOCKET = /^(?:\d+-\d+-[0-9a-f]{8}|front|starting)\.sock$/;
/** A slash and the longest name that an agent gives a socket: process id, number, random part. */
const LONGEST_NAME = '/4194304-9999-0123abcd.sock'.length;

/**
 * The private folder in which the workers' sockets are: mkdtemp makes it 0700, so nobody else can enter it.
 *
 * Its front listens on a socket in it, for nothing but to be found alive: a process id may be another's by now, but a
 * socket whose process has ended refuses. It stands in its place only when it listens already, and a folder without one is
 * nobody's business, so the folder of a front that just starts is safe.
 */
export class SocketFolder {
  readonly path: string;
  readonly #life: Server;

  private constructor(path: string) {
    this.path = path;
    this.#life = createServer((socket) => socket.destroy()).unref();
    this.#life.on('error', () => {});
    try {
      this.#show();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** @throws {ZdlbError} `start`, when there is no place for it, or one whose path is too long for sockets */
  static make(parent: string = resolve(tmpdir())): SocketFolder {
    const longest = MAX_PATH_BYTES - LONGEST_NAME - `/${PREFIX}XXXXXX`.length;
    if (Buffer.byteLength(parent) > longest)
      throw failure(`the path ${parent} is too long for sockets. Set TMPDIR to one of at most ${longest} bytes`);
    try {
      return new SocketFolder(mkdtempSync(join(parent, PREFIX)));
    } catch (error) {
      throw failure(messageOf(error), error);
    }
  }

  /** Removes the folders that fronts of this user have left behind which were killed. Those of others are left alone. */
  static async sweep(parent: string = tmpdir()): Promise<void> {
    const folders = namesIn(parent).filter((name) => NAME.test(name));
    await Promise.all(folders.map(async (name) => sweep(join(parent, name))));
  }

  /** Removes it with all that is in it. */
  remove(): void {
    this.#life.close();
    remove(this.path);
  }

  #show(): void {
    const hidden = join(this.path, 'starting.sock');
    this.#life.listen(hidden); // binds and listens in this tick
    renameSync(hidden, join(this.path, LIFE));
  }
}

async function sweep(folder: string): Promise<void> {
  const life = join(folder, LIFE);
  // The socket tells whose it is: the folder belongs to the workers' user, where that is another one.
  const isOwn = isFolder(folder) && ownerOf(life) === process.getuid?.();
  if (isOwn && !(await isListening(life))) remove(folder);
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Undefined when there is no such file, or none that this user could see. */
function ownerOf(path: string): number | undefined {
  try {
    return lstatSync(path).uid;
  } catch {
    return undefined;
  }
}

/**
 * The sign of life goes last: what is interrupted is swept another time. Only sockets go, by their names: the user of the workers
 * may put a link in the folder's place while root sweeps.
 */
function remove(folder: string): void {
  const sockets = namesIn(folder).filter((name) => SOCKET.test(name));
  try {
    for (const name of [...sockets.filter((socket) => socket !== LIFE), LIFE])
      rmSync(join(folder, name), { force: true });
    rmdirSync(folder);
  } catch {} // another front sweeps it too, or it has gone with all that was in it
}

/** None, when somebody has tidied up the temporary folder. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function failure(reason: string, cause?: unknown): ZdlbError {
  return new ZdlbError('start', `Cannot make a folder for private sockets: ${reason}`, { cause });
}
