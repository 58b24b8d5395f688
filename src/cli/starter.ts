import { appendFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf, reportOf } from '../core/errors.js';
import { lastLinesOf } from '../supervisor/failure.js';

/** Says to a zdlb that another one has started it in the background, and waits on its IPC channel. */
export const IN_BACKGROUND = 'ZDLB_IN_BACKGROUND';

/** What a zdlb in the background says, once: that it serves, or why it does not. */
export type Word = Serving | Failed;

interface Logging {
  /** Absent where it has come to no log of its own: then its standard error, which the starter has opened, tells everything. */
  readonly logFile?: string;
}

export interface Serving extends Logging {
  readonly name: string;
  readonly workers: number;
}

export interface Failed extends Logging {
  readonly message: string;
  readonly lastLines: readonly string[];
}

/** The process that has started this one in the background, and wants to know how that went. */
export class Starter {
  #logFile: string | undefined;

  /** The one that there is, if any; its variable is nobody else's. */
  static take(env: NodeJS.ProcessEnv = process.env): Starter | undefined {
    const isThere = env[IN_BACKGROUND] !== undefined && process.send !== undefined;
    delete env[IN_BACKGROUND];
    return isThere ? new Starter() : undefined;
  }

  /**
   * This instance has opened its log. Only now is it known where: the starter did not know whether the name was to be had, and
   * standard error may be the log of the one that has it.
   */
  logsTo(logFile: string): void {
    this.#logFile = logFile;
  }

  /** This instance serves; nothing more will be said. */
  async serving(name: string, workers: number): Promise<void> {
    // Standard error is the log file of the start, which has been rotated away by the time that this matters.
    process.on('uncaughtExceptionMonitor', (error) => this.#log(error.stack ?? error.message));
    await this.#say({ name, workers });
  }

  /**
   * This instance has not come up, and its log is closed.
   *
   * @returns whether its log tells why; otherwise standard error has to
   */
  async failed(error: unknown): Promise<boolean> {
    const isLogged = this.#log(`zdlb: ${reportOf(error)}`);
    await this.#say({ message: messageOf(error), lastLines: lastLinesOf(error) });
    return isLogged;
  }

  #log(text: string): boolean {
    if (this.#logFile === undefined) return false;
    try {
      appendFileSync(this.#logFile, `${text}\n`);
      return true;
    } catch {
      return false; // no room, most likely
    }
  }

  async #say(what: Word): Promise<void> {
    if (!process.connected) return; // it has not waited
    const word: Word = { ...what, ...(this.#logFile !== undefined && { logFile: this.#logFile }) };
    await new Promise<void>((resolve) => process.send!(word, undefined, {}, () => resolve()));
    if (process.connected) process.disconnect();
  }
}

/** Where the log of an instance in the background is, unless `--log-file` says: `$XDG_STATE_HOME/zdlb`, else `/var/log/zdlb` for root. */
export function defaultLogFile(name: string, env: NodeJS.ProcessEnv = process.env, uid = process.getuid?.()): string {
  const { XDG_STATE_HOME: state } = env;
  if (state !== undefined && state !== '') return join(state, 'zdlb', `${name}.log`);
  return uid === 0 ? join('/var/log/zdlb', `${name}.log`) : join(homedir(), '.local/state/zdlb', `${name}.log`);
}
