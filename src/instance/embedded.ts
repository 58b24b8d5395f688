import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { type Config, type WrittenConfig, parseConfig } from '../core/config.js';
import { Chronicle } from '../control/chronicle.js';
import { counted } from '../core/counted.js';
import { Deferred } from '../core/deferred.js';
import { ZdlbError } from '../core/errors.js';
import type { Journal } from '../core/journal.js';
import type { Reloaded } from '../supervisor/reload-log.js';
import { AdminDoor } from './admin-door.js';
import { ControlSocket } from './control-socket.js';
import type { Desk, FrontStatus } from './desk.js';
import { EventJournal } from './event-journal.js';
import { type EventMap, LEVELS } from './events.js';
import { exhibitOf } from './exhibit.js';
import { Instance } from './instance.js';
import { instanceName } from './instance-name.js';

/** The settings of the configuration file, but for the form and the file of a log that there is not. */
export type Settings = Omit<WrittenConfig, 'logFormat' | 'logFile' | 'logFileSize' | 'logFiles'>;

/** What {@link start} takes: all that a configuration file may say, and what only code can. */
export interface Options extends Settings {
  /** Where the log goes: a pino logger, or anything like it. Default: nowhere. */
  readonly logger?: Journal | undefined;
  /** Whether `zdlb status`, `zdlb reload` and the like find the instance, by a control socket. Default: false. */
  readonly control?: boolean | undefined;
}

interface Opened {
  readonly instance: Instance;
  readonly desk: Desk;
}

/** An instance that runs in this process, as its program sees it. It takes no signals, and never ends the process. */
export class Embedded extends EventEmitter<EventMap> {
  /**
   * Resolves when the first generation serves. Rejects with a {@link ZdlbError}: `start` or `usage` when it could not start, `stopping` when it was
   * stopped before; nothing is left running then. Nobody has to look.
   */
  readonly ready: Promise<void>;
  /** Resolves when it is over, for whatever reason: no process is left. */
  readonly stopped: Promise<void>;
  readonly #ready = new Deferred<void>();
  readonly #opened = new Deferred<Opened>();
  readonly #journal: EventJournal;
  #name: string;
  #isOver = false;

  /** @throws {ZdlbError} `usage`, naming every mistake */
  constructor(options: Options) {
    super();
    const { logger, control = false, ...settings } = checked(options);
    const config = configOf(settings);
    this.#name = instanceName(config);
    this.#journal = new EventJournal(this, config.logLevel);
    if (logger !== undefined) this.#journal.tell(logger);
    this.ready = this.#ready.promise;
    this.stopped = this.#run(config, control)
      .catch((error: Error) => {
        this.#opened.reject(error);
        this.#ready.reject(error);
      })
      .finally(() => {
        this.#isOver = true;
      });
  }

  /**
   * Starts new code and resolves when it has taken over; behind a start or another reload that is under way. With `settings`, complete
   * ones, it goes by them from then on.
   *
   * @throws {ZdlbError} `worker` when the new code failed ({@link WorkerFailure}, with its last lines): the former serves on; `usage` or `config`
   *   when the settings are wrong, or differ where they may not while it runs; `stopping`
   */
  async reload(settings?: Settings): Promise<Reloaded> {
    const { instance } = await this.#opened.promise;
    if (settings === undefined) return instance.front.reload();
    const config = { ...configOf(settings), name: settings.name ?? this.#name };
    instance.follow(config);
    this.#journal.level = config.logLevel;
    return instance.front.reload(config);
  }

  /** Resolves when no former generation has a process left. */
  async retired(): Promise<void> {
    const { instance } = await this.#opened.promise;
    await instance.front.retired();
  }

  /**
   * Goes back to the former generation while `watchWindow` keeps it warm; resolves with its number.
   *
   * @throws {ZdlbError} `cold` when none is warm
   */
  async rollback(): Promise<number> {
    const { instance } = await this.#opened.promise;
    return instance.front.rollback();
  }

  /**
   * Sets the number of workers, or changes it (`'+1'`, `'-1'`); resolves with it when those that join are ready.
   *
   * @throws {ZdlbError} `worker` when one that joins failed; it will be tried again
   */
  async scale(to: number | `${'+' | '-'}${number}`): Promise<number> {
    const { desk } = await this.#opened.promise;
    return (await desk.scale(String(to))).workers;
  }

  /** What `zdlb status --json` shows. */
  async status(): Promise<FrontStatus> {
    const { desk } = await this.#opened.promise;
    return desk.status();
  }

  /**
   * Takes no new connections, once the stop delay is over, and lets what is under way end, for at most the drain timeout; resolves when
   * all of it is over.
   */
  async stop(): Promise<void> {
    await this.#end((instance) => instance.stopDelayed());
  }

  /** Ends everything at once, also a stop that is under way. */
  async stopNow(): Promise<void> {
    await this.#end((instance) => instance.stopNow());
  }

  async #run(first: Config, isControlled: boolean): Promise<void> {
    const chronicle = new Chronicle();
    const control = isControlled ? await openControl(this.#name, first, chronicle) : undefined;
    this.#name = control?.name ?? this.#name;
    const config = { ...first, name: this.#name };
    let admin: AdminDoor | undefined;
    try {
      if (isControlled || config.admin !== undefined) this.#journal.tell(await logInto(chronicle, this.#name));
      admin = await AdminDoor.open(config, this.#journal);
      const instance = new Instance(config, this.#journal);
      const desk = instance.desk(this.#name, () => void (instance.isStopping ? this.stopNow() : this.stop()));
      control?.serve(desk);
      admin?.serve(exhibitOf(desk, chronicle));
      this.#opened.resolve({ instance, desk });
      await instance.run(() => this.#serve(instance));
      this.#ready.reject(new ZdlbError('stopping', 'zdlb was stopped before it served'));
    } finally {
      admin?.close();
      control?.end();
    }
  }

  #serve({ front }: Instance): void {
    const workers = front.status().workers.length;
    this.#journal.info({ event: 'serving', pid: process.pid, workers }, `Serving with ${counted(workers, 'worker')}`);
    this.#ready.resolve();
  }

  /** What could not start is over already. */
  async #end(how: (instance: Instance) => Promise<void>): Promise<void> {
    const opened = await this.#opened.promise.catch(() => undefined);
    if (opened !== undefined && !this.#isOver) await how(opened.instance);
    await this.stopped;
  }
}

/** @throws {ZdlbError} `start`, also where the socket's folder can't be made: here it was asked for */
async function openControl(name: string, config: Config, chronicle: Chronicle): Promise<ControlSocket> {
  const control = await ControlSocket.open(name, config.name !== undefined, chronicle);
  if (control.missing !== undefined) throw new ZdlbError('start', control.missing);
  return control;
}

/** The log as those read it who come by a door; pino is loaded for them alone. */
async function logInto(chronicle: Chronicle, name: string): Promise<Journal> {
  const { pino } = await import('pino');
  // The journal has left out what is below the level that is wanted.
  const log: Journal = pino({ level: 'debug', base: { name } }, { write: (line) => chronicle.write(line) });
  return log;
}

/**
 * What only code can give is right.
 *
 * @throws {ZdlbError} `usage`
 */
function checked(options: Options): Options {
  if (typeof options !== 'object' || (options as unknown) === null)
    throw new ZdlbError('usage', `Met ${inspect(options)}, wanted options, as in { script: 'server.js' }`);
  const { logger, control = false } = options;
  const missing = LEVELS.find((level) => typeof (logger as Journal | null | undefined)?.[level] !== 'function');
  if (logger !== undefined && missing !== undefined)
    throw new ZdlbError('usage', `Bad value for logger: it has no ${missing}(), wanted a pino logger, or the like`);
  if (typeof control !== 'boolean')
    throw new ZdlbError('usage', `Bad value for control: met ${inspect(control)}, wanted true or false`);
  return options;
}

/** @throws {ZdlbError} `usage` */
function configOf(settings: Settings): Config {
  const config = parseConfig(settings, 'usage', (key) => key);
  const unfit = (['logFormat', 'logFile'] as const).find((key) => config[key] !== undefined);
  if (unfit !== undefined)
    throw new ZdlbError('usage', `Cannot use ${unfit} here: entries are objects, and go to the logger that is given`);
  if (config.script === undefined && config.command === undefined)
    throw new ZdlbError('usage', "Nothing to run: give a script, as in { script: 'server.js' }, or a command");
  return config;
}
