import { isatty } from 'node:tty';
import type { Config } from '../core/config.js';
import { counted } from '../core/counted.js';
import { messageOf } from '../core/errors.js';
import type { Desk } from '../instance/desk.js';
import { Instance } from '../instance/instance.js';
import type { PassedSocket } from '../systemd/passed-sockets.js';
import { curlAt } from './curl.js';
import type { Log } from './log.js';
import { type Operator, obeySignals } from './signals.js';
import { tellStanding } from './standing.js';

/**
 * Within this many ms a second signal of the same name is the first one again: npm passes on the Ctrl-C that the terminal has sent
 * to all, and timeout(1) signals its child and then its whole group.
 */
const ECHO_MS: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 100, SIGTERM: 2 };

/** An instance that is a process of its own, and what signals ask of it. */
export class Session implements Operator {
  readonly #config: Config;
  readonly #log: Log;
  readonly #readConfig: () => Config;
  readonly #instance: Instance;
  /** Where standard output was a terminal, SIGHUP says that it was closed. */
  readonly #wasTerminal = isatty(1);
  #stoppedAt = 0;
  #stoppedBy: NodeJS.Signals | undefined;

  /**
   * @param passed sockets that a service manager has opened
   * @param readConfig reads the settings anew, from where they came
   * @throws {ZdlbError} `start` or `usage`; nothing is left behind
   */
  constructor(config: Config, log: Log, readConfig: () => Config, passed: readonly PassedSocket[] = []) {
    this.#config = config;
    this.#log = log;
    this.#readConfig = readConfig;
    this.#instance = new Instance(config, log.journal, passed, (text) => log.print(text));
  }

  /**
   * Resolves when the instance was stopped as asked.
   *
   * @throws {ZdlbError} `start` or `usage`, when it could not start; nothing is left running
   */
  async run(takeEarlyReload: () => boolean): Promise<void> {
    obeySignals(this);
    if (takeEarlyReload()) this.reload();
    tellStanding(this.#log.journal, this.#config);
    await this.#instance.run(() => this.#greet());
  }

  /** What the control socket may ask for. */
  desk(name: string): Desk {
    return this.#instance.desk(name, () => this.stop('SIGTERM'));
  }

  reload(): void {
    this.#instance.requestReload();
  }

  stop(signal: NodeJS.Signals): void {
    if (!this.#instance.isStopping) {
      this.#stoppedAt = performance.now();
      this.#stoppedBy = signal;
      // Who stops it by hand knows that nobody is sent here any more, and does not want to wait.
      void (signal === 'SIGTERM' ? this.#instance.stopDelayed() : this.#instance.stop());
    } else if (signal !== this.#stoppedBy || performance.now() - this.#stoppedAt >= (ECHO_MS[signal] ?? 0)) {
      this.#log.journal.warn({ event: 'stopping' }, 'Stopping at once');
      void this.#instance.stopNow();
    }
  }

  hangUp(): void {
    if (this.#wasTerminal) return this.stop('SIGHUP');
    if (this.#instance.isStopping) return;
    try {
      const config = this.#readConfig();
      this.#instance.follow(config);
      this.#log.level = config.logLevel;
      this.#instance.requestReload(config);
    } catch (error) {
      this.#instance.front.refuseReload(error);
    }
  }

  rollback(): void {
    if (this.#instance.isStopping) return;
    this.#instance.front.rollback().catch((error: unknown) => {
      this.#log.journal.warn({ event: 'rollback.failed', reason: messageOf(error) }, messageOf(error));
    });
  }

  grow(): void {
    this.#scale((wanted) => wanted + 1);
  }

  shrink(): void {
    this.#scale((wanted) => wanted - 1);
  }

  #scale(change: (wanted: number) => number): void {
    if (this.#instance.isStopping) return;
    this.#instance.front.scale(change).catch((error: unknown) => {
      this.#log.journal.error(
        { event: 'scale.failed', reason: messageOf(error) },
        `Scaling failed: ${messageOf(error)}`,
      );
    });
  }

  /** Says what to do next. */
  #greet(): void {
    const { front } = this.#instance;
    const [first] = front.listeners;
    const advice = [
      ...(first?.mode === 'http' ? [`try ${curlAt(first.addresses)}`] : []),
      `reload with kill -USR2 ${process.pid}`,
      this.#wasTerminal ? 'stop with Ctrl-C' : `stop with kill ${process.pid}`,
    ];
    const entry = { event: 'serving', pid: process.pid, workers: front.status().workers.length };
    this.#log.journal.info(entry, `Serving with ${counted(entry.workers, 'worker')}: ${advice.join(', ')}`);
  }
}
