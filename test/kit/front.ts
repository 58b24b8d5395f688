import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BIN } from './bin.ts';
import { freePort } from './free-port.ts';
import { atEnd } from './lifetime.ts';

const EVENT_MS = 20_000;
const CLEANUP_MS = 3_000;
const SHOWN_LINES = 40;

/** A line of the front's log. */
export interface Entry {
  readonly event?: string;
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface FrontOptions {
  /** What the front runs; absent to leave it out of the command line. */
  readonly script?: string;
  /** What stands after the script. */
  readonly scriptArgs?: readonly string[];
  /** Options of zdlb, before the script. `--log-format` is always there. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** How many files each of its processes may have open. */
  readonly openFiles?: number;
  /** The log as people see it: each line is an entry of the event `not JSON`. */
  readonly isForPeople?: boolean;
  /** How many files it may watch. Needs {@link canBoundWatches}. */
  readonly watches?: number;
  /** The folder of control sockets; one of its own, if absent. */
  readonly home?: string;
  /** Options of the front's own node. */
  readonly nodeArgs?: readonly string[];
}

/** Which entries are meant: an event's name, and what its fields must be. */
type Where = (entry: Entry) => boolean;

/** A zdlb process, known by its log. It never outlives its test. */
export class Front {
  readonly child: ChildProcess;
  /** The folder of its control socket. */
  readonly home: string;
  readonly entries: Entry[] = [];
  readonly exited: Promise<Exit>;
  /** What was written to standard error so far. */
  stderr = '';
  readonly #news = new EventEmitter();
  #exit: Exit | undefined;

  constructor(child: ChildProcess, home: string) {
    this.child = child;
    this.home = home;
    this.#news.setMaxListeners(0);
    this.exited = once(child, 'close').then(([code, signal]) => {
      this.#exit = { code, signal };
      this.#news.emit('news');
      return this.#exit;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    createInterface({ input: child.stdout! }).on('line', (line) => this.#read(line));
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The first public port that was opened. */
  get port(): number {
    return Number(this.entries.find((entry) => entry.event === 'listening')?.['port']);
  }

  /** The pids of a generation's workers, by slot; the latest of each slot. */
  workers(generation: number): ReadonlyMap<number, number> {
    const ready = this.entries.filter((entry) => entry.event === 'worker.ready' && entry['generation'] === generation);
    return new Map(ready.map((entry) => [Number(entry['slot']), Number(entry['pid'])]));
  }

  /** The pids of all workers that are ready and have not exited, by slot, as far as the log has told. */
  get readyWorkers(): ReadonlyMap<number, number> {
    const ready = new Map<number, number>();
    for (const { event, slot, pid } of this.entries) {
      if (event === 'worker.ready') ready.set(Number(slot), Number(pid));
      if (event === 'worker.exited' && ready.get(Number(slot)) === pid) ready.delete(Number(slot));
    }
    return ready;
  }

  /** The pids of all workers that were started and have not exited, as far as the log has told; needs its level `debug`. */
  get runningWorkers(): readonly number[] {
    const pidsOf = (name: string) => this.entries.filter(({ event }) => event === name).map(({ pid }) => Number(pid));
    const exited = new Set(pidsOf('worker.exited'));
    return pidsOf('worker.started').filter((pid) => !exited.has(pid));
  }

  /** Remembers this moment of the log, for {@link event} to start from. */
  mark(): number {
    return this.entries.length;
  }

  /** The first entry of that event, from `since` on, past or to come. Fails when the front ends without it. */
  async event(name: string | readonly string[], where: Where = () => true, since = 0): Promise<Entry> {
    const names = [name].flat();
    const deadline = AbortSignal.timeout(EVENT_MS);
    for (let seen = since; ;) {
      const found = this.entries.slice(seen).find((entry) => names.includes(entry.event ?? '') && where(entry));
      if (found !== undefined) return found;
      seen = this.entries.length;
      if (this.#exit !== undefined)
        throw this.#failure(`exited (${JSON.stringify(this.#exit)}) without ${names.join(' or ')}`);
      await once(this.#news, 'news', { signal: deadline }).catch(() => {
        throw this.#failure(`logged no ${names.join(' or ')} within ${EVENT_MS} ms`);
      });
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Asks for a reload and resolves with the entry that tells how it went. */
  async reload(): Promise<Entry> {
    const since = this.mark();
    this.signal('SIGUSR2');
    return this.event(['reload.done', 'reload.failed'], undefined, since);
  }

  /** Asks the front to stop and resolves when it has. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.exited;
  }

  /** Ends the front whatever its state: SIGTERM, then SIGKILL, which takes the workers along too. */
  async kill(): Promise<void> {
    if (this.#exit !== undefined) return;
    this.signal('SIGTERM');
    const force = setTimeout(() => this.signal('SIGKILL'), CLEANUP_MS);
    await this.exited;
    clearTimeout(force);
  }

  #read(line: string): void {
    try {
      this.entries.push(JSON.parse(line) as Entry);
    } catch {
      this.entries.push({ event: 'not JSON', level: 0, msg: line });
    }
    this.#news.emit('news');
  }

  #failure(what: string): Error {
    const lines = this.entries.slice(-SHOWN_LINES).map((entry) => JSON.stringify(entry));
    return new Error(`zdlb ${what}\n${lines.join('\n')}\nstderr: ${this.stderr}`);
  }
}

/** A folder for control sockets, which goes with the test. */
export function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'zdlb-home-'));
  atEnd(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

/** Spawns `zdlb` and doesn't wait for anything; it is ended with the test. */
export function spawnFront(options: FrontOptions): Front {
  const { script, scriptArgs = [], args = [], env = {}, cwd, nodeArgs = [], isForPeople = false } = options;
  const { PATH, HOME, TMPDIR } = process.env;
  const format = isForPeople ? 'pretty' : 'json';
  const words = [...BIN, '--log-format', format, ...args, ...(script === undefined ? [] : [script]), ...scriptArgs];
  const [command, ...rest] = [...bounded(options), process.execPath, ...nodeArgs, ...words] as [string, ...string[]];
  const home = options.home ?? newHome();
  const child = spawn(command, rest, {
    cwd,
    env: { PATH, HOME, ZDLB_HOME: home, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const front = new Front(child, home);
  atEnd(() => front.kill());
  return front;
}

/** What gives the command behind it fewer of the system's resources. */
function bounded({ openFiles, watches }: FrontOptions): readonly string[] {
  if (openFiles !== undefined) return ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh'];
  return watches === undefined ? [] : withWatches(watches);
}

/** The system counts watches by user namespace, so a new one may have a bound of its own. */
const withWatches = (count: number) => {
  const script = `echo ${count} > /proc/sys/user/max_inotify_watches && exec "$@"`;
  return ['unshare', '--user', '--map-root-user', 'sh', '-c', script, 'sh'];
};

/** Whether the system lets a test bound the number of watched files. */
export function canBoundWatches(): boolean {
  const [command, ...args] = [...withWatches(1), 'true'];
  return spawnSync(command, args).status === 0;
}

/** Spawns `zdlb` with two workers, unless `args` want others, on a free port, and waits until they serve. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { args: given = [] } = options;
  const workers = given.includes('--workers') ? [] : ['--workers', '2'];
  const args = ['--port', String(await freePort()), ...workers, ...given];
  const front = spawnFront({ ...options, args });
  await front.event('serving');
  return front;
}
