import { appendFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../core/errors.js';
import { lastLinesOf } from '../supervisor/failure.js';

/** Says to a zdlb that another one has started it in the background, and waits on its IPC channel. */
export const IN_BACKGROUND = 'ZDLB_IN_BACKGROUND';

/** What a zdlb in the background says, once: that it serves, or why it does not. */
export type Word = Serving | Failed;

export interface Serving {
  readonly name: string;
  readonly workers: number;
  readonly logFile: string;
}

export interface Failed {
  readonly message: string;
  readonly lastLines: readonly string[];
}

/** The process that has started this one in the background, and wants to know how that went. */
export class Starter {
  /** The one that there is, if any; its variable is nobody else's. */
  static take(env: NodeJS.ProcessEnv = process.env): Starter | undefined {
    const isThere = env[IN_BACKGROUND] !== undefined && process.send !== undefined;
    delete env[IN_BACKGROUND];
    return isThere ? new Starter() : undefined;
  }

  /** This instance serves; nothing more will be said. */
  async serving(name: string, workers: number, logFile: string): Promise<void> {
    // Standard error is the log file of the start, which has been rotated away by the time that this matters.
    process.on('uncaughtExceptionMonitor', (error) => appendFileSync(logFile, `${error.stack ?? error.message}\n`));
    await this.#say({ name, workers, logFile });
  }

  async failed(error: unknown): Promise<void> {
    await this.#say({ message: messageOf(error), lastLines: lastLinesOf(error) });
  }

  async #say(word: Word): Promise<void> {
    if (!process.connected) return; // it has not waited
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
