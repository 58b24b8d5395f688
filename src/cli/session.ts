import { isatty } from 'node:tty';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../core/config.js';
import { ZdlbError, messageOf } from '../core/errors.js';
import { Front } from '../front.js';
import { startFolder } from '../supervisor/start-folder.js';
import { watchSettings } from '../watch/settings.js';
import type { Watcher } from '../watch/watcher.js';
import { curlAt } from './curl.js';
import { Desk } from './desk.js';
import type { Log } from './log.js';
import { PidFile } from './pid-file.js';
import { type Operator, obeySignals } from './signals.js';
import { tellStanding } from './standing.js';

/** What can't change while the front runs, by its name in the configuration. */
const FIXED = [
  'name',
  'port',
  'host',
  'listen',
  'socketMode',
  'mode',
  'httpEngine',
  'backend',
  'transport',
  'pidFile',
  'logFormat',
  'watch',
] as const;

/**
 * Within this many ms a second signal is the first one again: npm passes on the Ctrl-C that the terminal has sent to all, and
 * timeout(1) signals its child and then its whole group.
 */
const ECHO_MS: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 100, SIGTERM: 2 };

/** One front from its start to its end, and what signals ask of it meanwhile. */
export class Session implements Operator {
  readonly #config: Config;
  readonly #log: Log;
  readonly #readConfig: () => Config;
  readonly #front: Front;
  readonly #pidFile: PidFile | undefined;
  /** Where standard output was a terminal, SIGHUP says that it was closed. */
  readonly #wasTerminal = isatty(1);
  #watcher: Watcher | undefined;
  /** What SIGHUP read last, in force or not: the repair of a file that it led to is to be tried. */
  #readLast: Config | undefined;
  #stopped: Promise<void> | undefined;
  #stoppedAt = 0;
  #hasEnded: () => void = () => {};

  /**
   * @param readConfig reads the settings anew, from where they came
   * @throws {ZdlbError} `start` or `usage`; nothing is left behind
   */
  constructor(config: Config, log: Log, readConfig: () => Config) {
    this.#config = config;
    this.#log = log;
    this.#readConfig = readConfig;
    this.#pidFile = config.pidFile === undefined ? undefined : new PidFile(config.pidFile);
    this.#pidFile?.check(); // first: a front may have a folder, which only its end removes
    this.#front = new Front(config, log.journal, () => this.#pidFile?.write());
  }

  /**
   * Resolves when the front was stopped as asked.
   *
   * @throws {ZdlbError} `start` or `usage`, when it could not start; nothing is left running
   */
  async run(takeEarlyReload: () => boolean): Promise<void> {
    obeySignals(this);
    if (takeEarlyReload()) this.reload();
    tellStanding(this.#log.journal, this.#config);
    const ended = new Promise<void>((resolve) => {
      this.#hasEnded = resolve;
    });
    try {
      if (this.#config.watch) await this.#watch();
      await this.#start();
      await ended;
      await this.#stopped;
    } finally {
      this.#watcher?.close();
      this.#pidFile?.remove();
    }
  }

  /** What the control socket may ask for. */
  desk(name: string): Desk {
    return new Desk(name, this.#front, () => this.stop('SIGTERM'));
  }

  reload(): void {
    if (this.#stopped !== undefined) return;
    this.#front.requestReload();
  }

  stop(signal: NodeJS.Signals): void {
    if (this.#stopped === undefined) return this.#stopGently();
    if (performance.now() - this.#stoppedAt < (ECHO_MS[signal] ?? 0)) return;
    this.#log.journal.warn({ event: 'stopping' }, 'Stopping at once');
    void this.#front.stopNow();
  }

  hangUp(): void {
    if (this.#wasTerminal) return this.stop('SIGHUP');
    if (this.#stopped !== undefined) return;
    try {
      const config = this.#newConfig();
      this.#log.journal.level = config.logLevel;
      this.#readLast = config;
      this.#watcher = this.#watcher?.follow(watchSettings(startFolder, config));
      this.#front.requestReload(config);
    } catch (error) {
      const reason = messageOf(error);
      this.#log.journal.error({ event: 'reload.failed', reason }, `Reload failed: ${reason}`);
    }
  }

  rollback(): void {
    if (this.#stopped !== undefined) return;
    this.#front.rollback().catch((error: unknown) => {
      this.#log.journal.warn({ event: 'rollback.failed', reason: messageOf(error) }, messageOf(error));
    });
  }

  grow(): void {
    this.#scale((wanted) => wanted + 1);
  }

  shrink(): void {
    this.#scale((wanted) => wanted - 1);
  }

  #stopGently(): void {
    this.#log.journal.info({ event: 'stopping' }, 'Stopping: no new connections, what is under way may end');
    this.#stoppedAt = performance.now();
    this.#watcher?.close();
    this.#stopped = this.#front.stop();
    this.#hasEnded();
  }

  /** The libraries are loaded only for those who develop. */
  async #watch(): Promise<void> {
    const { Watcher } = await import('../watch/watcher.js');
    if (this.#stopped !== undefined) return;
    const settings = watchSettings(startFolder, this.#config);
    this.#watcher = new Watcher(settings, this.#log.journal, () => this.#front.requestReload(this.#readLast));
  }

  async #start(): Promise<void> {
    try {
      await this.#front.start();
    } catch (error) {
      // A stop that was asked for meanwhile ends the start too, as wanted.
      if (this.#stopped === undefined) throw error;
      return;
    }
    if (this.#stopped !== undefined) return;
    this.#pidFile?.write(); // a program that never listens
    this.#greet();
  }

  #scale(change: (wanted: number) => number): void {
    if (this.#stopped !== undefined) return;
    this.#front.scale(change).catch((error: unknown) => {
      this.#log.journal.error(
        { event: 'scale.failed', reason: messageOf(error) },
        `Scaling failed: ${messageOf(error)}`,
      );
    });
  }

  /** @throws {ZdlbError} when the settings are wrong now, or differ where they may not */
  #newConfig(): Config {
    const next = this.#readConfig();
    const changed = FIXED.filter((key) => !isDeepStrictEqual(next[key], this.#config[key]));
    if (changed.length === 0) return next;
    throw new ZdlbError('config', `${changed.join(', ')} can't change while zdlb runs. Stop it and start it again`);
  }

  /** Says what to do next. */
  #greet(): void {
    const [first] = this.#front.listeners;
    const advice = [
      ...(first?.mode === 'http' ? [`try ${curlAt(first.addresses)}`] : []),
      `reload with kill -USR2 ${process.pid}`,
      this.#wasTerminal ? 'stop with Ctrl-C' : `stop with kill ${process.pid}`,
    ];
    const entry = { event: 'serving', pid: process.pid, workers: this.#front.status().workers.length };
    this.#log.journal.info(entry, `Serving with ${entry.workers} workers: ${advice.join(', ')}`);
  }
}
