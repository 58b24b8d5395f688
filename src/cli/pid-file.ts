import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { ZdlbError, messageOf, systemCode } from '../core/errors.js';

/** The file that tells the process id of the running front to scripts and init systems. */
export class PidFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Refuses to go on where another live front has the file; a dead one's is left to be overwritten.
   *
   * @throws {ZdlbError} `start`
   */
  check(): void {
    const pid = this.#read();
    if (pid === undefined || pid === process.pid || !isAlive(pid)) return;
    throw new ZdlbError(
      'start',
      `Cannot start: ${this.#path} belongs to process ${pid}, which is running. Stop it first`,
    );
  }

  /** @throws {ZdlbError} `start`, when the file can't be written or another front was quicker */
  write(): void {
    this.check();
    try {
      unlinkIfThere(this.#path);
      writeFileSync(this.#path, `${process.pid}\n`, { flag: 'wx' });
    } catch (error) {
      throw new ZdlbError('start', `Cannot write the pid file ${this.#path}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Removes the file if it is still this process's. */
  remove(): void {
    if (this.#read() === process.pid) unlinkIfThere(this.#path);
  }

  #read(): number | undefined {
    try {
      const text = readFileSync(this.#path, 'utf8').trim();
      return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
