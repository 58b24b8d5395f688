import { readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { ZdlbError, messageOf, systemCode } from '../core/errors.js';
import { isRunning } from '../supervisor/process-group.js';

/** Far more than a process id takes. */
const MAX_CONTENT = 100;

/** Those of this process: of several instances in it, each has its own. */
const held = new Set<string>();

/** The file that tells the process id of the running front to scripts and init systems. */
export class PidFile {
  readonly #path: string;
  #isWritten = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Refuses to go on where another live front has the file; a dead one's is left to be overwritten.
   *
   * @throws {ZdlbError} `start`
   */
  check(): void {
    const content = this.#content();
    if (content === undefined) return;
    if (held.has(this.#path))
      throw new ZdlbError('start', `Cannot start: ${this.#path} belongs to another instance in this process`);
    if (!/^\d{0,10}$/.test(content)) {
      throw new ZdlbError(
        'start',
        `Cannot start: ${this.#path} is no pid file, and would be overwritten. Choose another path`,
      );
    }
    const pid = Number(content);
    if (pid === 0 || pid === process.pid || !isRunning(pid)) return;
    throw new ZdlbError(
      'start',
      `Cannot start: ${this.#path} belongs to process ${pid}, which is running. Stop it first`,
    );
  }

  /** @throws {ZdlbError} `start`, when the file can't be written or another front was quicker */
  write(): void {
    if (this.#isWritten) return; // it stands there since the first address was opened
    this.check();
    try {
      unlinkIfThere(this.#path);
      writeFileSync(this.#path, `${process.pid}\n`, { flag: 'wx' });
      held.add(this.#path);
      this.#isWritten = true;
    } catch (error) {
      throw new ZdlbError('start', `Cannot write the pid file ${this.#path}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Removes the file if it is still this process's. */
  remove(): void {
    if (!this.#isWritten) return;
    held.delete(this.#path);
    if (this.#content() === String(process.pid)) unlinkIfThere(this.#path);
  }

  /** What stands there; undefined when there is no such file, or none that can be read. */
  #content(): string | undefined {
    try {
      if (!statSync(this.#path).isFile()) return 'no file';
      return readFileSync(this.#path, 'utf8').slice(0, MAX_CONTENT).trim();
    } catch {
      return undefined;
    }
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
