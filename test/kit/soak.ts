import { expect, onTestFinished } from 'vitest';
import { DEPLOYMENTS, type Deployment, GOOD } from './deployments.ts';
import { type Entry, type Front, startFront } from './front.ts';
import { Ledger } from './ledger.ts';
import { type RunningLoad, startLoad } from './load.ts';
import { LIGHT, SLOW, SLOW_POSTS } from './loads.ts';
import { PROBED } from './probe.ts';
import { type Process, processTable } from './process-table.ts';
import { Random, SEED } from './random.ts';
import { RandomKills } from './random-kills.ts';
import { fixture, Release } from './release.ts';

export const WORKERS = 3;
/** Deaf workers and stubborn children take this long to go. */
const KILL_TIMEOUT_MS = 500;
const REST = { timeout: 10_000, interval: 50 };

/** What clients do meanwhile; the last of it may not be repeated. */
const LOADS_MEANWHILE = [
  { ...LIGHT, lanes: 5 },
  { ...SLOW, lanes: 5 },
  { ...SLOW_POSTS, lanes: 3 },
];

/** A front whose code is replaced again and again, while its workers are killed and clients ask on. */
/** What became of requests that should not have; each a list of ids, pids or versions. */
export interface Losses {
  /** Other than an answer, and a 502. */
  readonly outcomes: readonly string[];
  /** GETs that failed: they can be repeated, whoever dies. */
  readonly gets: readonly string[];
  /** Workers that nobody killed, at which requests failed. */
  readonly byTheLiving: readonly string[];
  /** Answered but never executed, or executed but never sent. */
  readonly answeredUnasked: readonly string[];
  readonly postsTwice: readonly string[];
  /** Those that answered though their reload had failed. */
  readonly versions: readonly string[];
}

export const NO_LOSSES: Losses = {
  outcomes: [],
  gets: [],
  byTheLiving: [],
  answeredUnasked: [],
  postsTwice: [],
  versions: [],
};

/** Whom a front that fails its test has left behind, known by a path in their environment. */
function killAll(path: string): void {
  const left = processTable().filter(({ environment, isZombie }) => environment.includes(path) && !isZombie);
  for (const { pid } of left) signalOne(pid);
}

function signalOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}

const isAllowed = (outcome: string) => outcome === 'ok' || outcome === 'status-502';

export class Soak {
  readonly front: Front;
  readonly loads: RunningLoad[] = [];
  readonly killed = new Set<number>();
  /** The version that has taken over last. */
  serving = 1;
  readonly #ledger: Ledger;
  readonly #release: Release;
  readonly #program: string;
  /** The versions that have taken over. */
  readonly #served = new Set(['1']);
  readonly #random = new Random(SEED);
  readonly #posts: RunningLoad[] = [];
  #latest = 1;
  #deck: Deployment[] = [];

  private constructor(front: Front, ledger: Ledger, release: Release, program: string) {
    this.front = front;
    this.#ledger = ledger;
    this.#release = release;
    this.#program = program;
  }

  static async start(temporary: string): Promise<Soak> {
    const source = await fixture('load-server.cjs');
    const release = await Release.create(source);
    const ledger = await Ledger.create();
    onTestFinished(() => killAll(ledger.path)); // after the front, which is ended first
    const limits = ['--kill-timeout', `${KILL_TIMEOUT_MS}ms`, '--drain-timeout', '5s'];
    const front = await startFront({
      script: release.script,
      args: ['--workers', String(WORKERS), '--transport', 'unix', '--log-level', 'debug', ...limits],
      env: { LEDGER: ledger.path, TMPDIR: temporary },
      nodeArgs: PROBED,
    });
    return new Soak(front, ledger, release, source(0).replaceAll("'0'", "'@version@'"));
  }

  get seed(): string {
    return `ZDLB_TEST_SEED=${SEED}`;
  }

  get summary(): string {
    const outcomes = this.loads.map(({ tally }) => JSON.stringify(tally.outcomes)).join(' ');
    const reloads = this.#latest - 1;
    return `${this.seed}: ${this.#served.size - 1} of ${reloads} reloads done, ${this.killed.size} killed, ${outcomes}`;
  }

  /** Reloads `count` times under load and under fire, the last time in peace and with good code; then one more worker is killed. */
  async reload(count: number): Promise<void> {
    const loads = LOADS_MEANWHILE.map((load) => startLoad(load, this.front.port));
    this.loads.push(...loads);
    this.#posts.push(loads.at(-1)!);
    const kills = new RandomKills(this.front, this.#random);
    for (let reload = 1; reload < count; reload++) await this.#attempt(this.#draw(), kills.pids);
    await kills.stop();
    await Promise.all(loads.map((load) => load.stop()));
    await this.#attempt(GOOD, new Set());
    kills.kill();
    for (const pid of kills.pids) this.killed.add(pid);
  }

  /** Resolves when all workers are ready, and nobody else is left. */
  async rest(): Promise<void> {
    const { front } = this;
    const wanted = { ready: WORKERS, running: WORKERS, processes: WORKERS + 1 }; // and the warden
    const present = () => {
      const pids = this.processes.map(({ pid }) => pid);
      const ready = [...front.readyWorkers.values()].filter((pid) => pids.includes(pid));
      return { ready: ready.length, running: front.runningWorkers.length, processes: pids.length };
    };
    await expect.poll(present, REST).toEqual(wanted);
  }

  /**
   * All that came of the front, in whatever way: its children, theirs and orphans, in the groups and sessions of its workers,
   * or with the program's environment.
   */
  get processes(): readonly Process[] {
    const table = processTable().filter(({ isZombie }) => !isZombie);
    const started = new Set(this.front.entries.filter(({ event }) => event === 'worker.started').map(({ pid }) => pid));
    const isOurs = ({ parent, environment }: Process) =>
      parent === this.front.pid || environment.includes(this.#ledger.path);
    // A number that was given to somebody else meanwhile says that nobody of the former group was left.
    const reused = new Set(table.filter((one) => started.has(one.pid) && !isOurs(one)).map(({ pid }) => pid));
    const isOf = (id: number) => started.has(id) && !reused.has(id);
    return table.filter((one) => one.pid !== this.front.pid && (isOurs(one) || isOf(one.group) || isOf(one.session)));
  }

  /** Whose code answers now. */
  async answeringVersions(): Promise<string[]> {
    const load = startLoad(LIGHT, this.front.port);
    this.loads.push(load);
    await load.tally.served(50);
    return [...(await load.stop()).versions];
  }

  /** What should not have happened to any request; empty when nothing did. */
  async losses(): Promise<Losses> {
    const tallies = await Promise.all(this.loads.map((load) => load.stop()));
    const sent = new Set(tallies.flatMap((tally) => Array.from(tally.ids())));
    const posts = new Set(this.#posts.flatMap(({ tally }) => Array.from(tally.ids())));
    const failed = new Set(tallies.flatMap((tally) => tally.failed));
    const { missing, repeated, invented } = await this.#ledger.audit(sent);
    const lostOn = await this.#ledger.begunOn(failed);
    return {
      outcomes: [...new Set(tallies.flatMap(({ outcomes }) => Object.keys(outcomes)))].filter(
        (kind) => !isAllowed(kind),
      ),
      gets: [...failed].filter((id) => !posts.has(id)),
      byTheLiving: [...lostOn].filter((pid) => !this.killed.has(Number(pid))),
      answeredUnasked: [...missing.filter((id) => !failed.has(id)), ...invented],
      postsTwice: repeated.filter((id) => posts.has(id)),
      versions: tallies.flatMap(({ versions }) => Array.from(versions)).filter((version) => !this.#served.has(version)),
    };
  }

  async #attempt(deployment: Deployment, killed: ReadonlySet<number>): Promise<void> {
    const version = ++this.#latest;
    const code = deployment.of(this.#program).replaceAll('@version@', String(version));
    await this.#release.deploy(version, code);
    const since = this.front.mark();
    const entry = await this.front.reload();
    this.#judge(deployment, entry, this.#victims(since, Number(entry['generation']), killed));
    if (entry.event === 'reload.failed') return;
    this.serving = version;
    this.#served.add(String(version));
  }

  /** Only broken code fails, and what was shot at before it had proved itself. */
  #judge({ name, isGood }: Deployment, entry: Entry, victims: readonly number[]): void {
    const said = `${this.seed}, ${name}: ${entry.msg}`;
    if (!isGood) expect(entry.event, said).toBe('reload.failed');
    else if (victims.length === 0) expect(entry.event, said).toBe('reload.done');
  }

  #victims(since: number, generation: number, killed: ReadonlySet<number>): readonly number[] {
    const news = this.front.entries.slice(since);
    const started = news.filter((entry) => entry.event === 'worker.started' && entry['generation'] === generation);
    return started.map(({ pid }) => Number(pid)).filter((pid) => killed.has(pid));
  }

  /** Each kind once, in random order, before any comes again. */
  #draw(): Deployment {
    if (this.#deck.length === 0) this.#deck = [...DEPLOYMENTS];
    return this.#deck.splice(this.#random.below(this.#deck.length), 1)[0]!;
  }
}
