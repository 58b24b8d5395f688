import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../core/config.js';
import { Deferred } from '../core/deferred.js';
import type { Health } from '../core/health.js';
import type { Journal } from '../core/journal.js';
import { formatDuration } from '../core/quantity.js';
import { Front } from '../front.js';
import { startFolder } from '../supervisor/start-folder.js';
import type { PassedSocket } from '../systemd/passed-sockets.js';
import { watchSettings } from '../watch/settings.js';
import type { Watcher } from '../watch/watcher.js';
import { AccessRecord, type Print } from './access-record.js';
import { Desk } from './desk.js';
import { assertFollows } from './fixed-keys.js';
import { PidFile } from './pid-file.js';

/** One front from its start to its end, with its pid file and its watcher. Who gives it orders, signals or code, is another's business. */
export class Instance {
  readonly front: Front;
  readonly #config: Config;
  readonly #journal: Journal;
  readonly #pidFile: PidFile | undefined;
  readonly #access: AccessRecord | undefined;
  readonly #ended = new Deferred<void>();
  #watcher: Watcher | undefined;
  /** The settings that were asked for last, in force or not: the repair of a file that they led to is to be tried. */
  #latest: Config | undefined;
  #stopped: Promise<void> | undefined;
  /** Ends the stop delay early. */
  readonly #hurry = new AbortController();

  /**
   * @param passed sockets that a service manager has opened
   * @throws {ZdlbError} `start` or `usage`; nothing is left behind
   */
  constructor(config: Config, journal: Journal, passed: readonly PassedSocket[] = [], print?: Print) {
    this.#config = config;
    this.#journal = journal;
    this.#pidFile = config.pidFile === undefined ? undefined : new PidFile(config.pidFile);
    this.#pidFile?.check(); // first: a front may have a folder, which only its end removes
    this.#access = AccessRecord.open(config, journal, print);
    try {
      this.front = new Front(config, journal, () => this.#pidFile?.write(), passed);
    } catch (error) {
      void this.#access?.close();
      throw error;
    }
    this.#access?.keep(this.front.ledger, config);
  }

  /** Whether it was asked to stop. */
  get isStopping(): boolean {
    return this.#stopped !== undefined;
  }

  /** Whether it wants traffic. */
  health(): Health {
    return this.isStopping ? 'stopping' : this.front.health();
  }

  /**
   * Resolves when it was stopped as asked.
   *
   * @param serving called when the first generation serves
   * @throws {ZdlbError} `start` or `usage`, when it could not start; nothing is left running
   */
  async run(serving: () => void): Promise<void> {
    try {
      if (this.#config.watch) await this.#watch();
      await this.#start(serving);
      await this.#ended.promise;
      await this.#stopped;
    } finally {
      this.#watcher?.close();
      this.#pidFile?.remove();
      await this.#access?.close();
    }
  }

  /** What the control socket may ask for. */
  desk(name: string, stop: () => void): Desk {
    return new Desk(name, this.front, stop, () => this.health());
  }

  /**
   * Takes other settings, to reload with them.
   *
   * @throws {ZdlbError} `config`, when they differ from those in force where they may not
   */
  follow(config: Config): void {
    assertFollows(config, this.#config);
    this.#latest = config;
    this.#watcher = this.#watcher?.follow(watchSettings(startFolder, config));
  }

  /** Reloads now, or once after what is under way. */
  requestReload(config?: Config): void {
    if (!this.isStopping) this.front.requestReload(config);
  }

  /** Takes no new connections and lets what is under way end. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** The same, but clients may come for the stop delay yet, while whoever routes them here is told to send them elsewhere. */
  stopDelayed(): Promise<void> {
    const { stopDelay } = this.front;
    this.#stopped ??= stopDelay === 0 ? this.#stop() : this.#delay(stopDelay);
    return this.#stopped;
  }

  /** Ends everything at once. */
  async stopNow(): Promise<void> {
    const stopped = this.stop();
    this.#hurry.abort();
    await this.front.stopNow();
    await stopped;
  }

  async #delay(ms: number): Promise<void> {
    const message = `Stopping in ${formatDuration(ms)}: until then new connections are welcome, and /healthz answers 503`;
    this.#journal.info({ event: 'stopping', delayMs: ms }, message);
    this.front.announceStop();
    await pause(ms, undefined, { signal: this.#hurry.signal }).catch(() => {});
    await this.#stop();
  }

  async #stop(): Promise<void> {
    this.#journal.info({ event: 'stopping' }, 'Stopping: no new connections, what is under way may end');
    this.#watcher?.close();
    this.#ended.resolve();
    await this.front.stop();
  }

  /** The libraries are loaded only for those who develop. */
  async #watch(): Promise<void> {
    const { Watcher } = await import('../watch/watcher.js');
    if (this.isStopping) return;
    const settings = watchSettings(startFolder, this.#config);
    this.#watcher = new Watcher(settings, this.#journal, () => this.front.requestReload(this.#latest));
  }

  async #start(serving: () => void): Promise<void> {
    try {
      await this.front.start();
    } catch (error) {
      // A stop that was asked for meanwhile ends the start too, as wanted.
      if (!this.isStopping) throw error;
      return;
    }
    if (this.isStopping) return;
    this.#pidFile?.write(); // a program that never listens
    serving();
  }
}
