import type { Config } from '../core/config.js';
import { ZdlbError } from '../core/errors.js';
import type { DataPath } from './data-path.js';
import type { Exit } from './exit.js';
import type { Generation } from './generation.js';
import type { Drain } from './household.js';
import { Lineup } from './lineup.js';
import type { PortMap } from './port-map.js';
import type { ReloadLog } from './reload-log.js';
import { rollOut } from './rollout.js';
import { WatchWindow } from './watch-window.js';

/** What is wanted: the settings, and how many workers. */
export interface Wanted {
  readonly config: Config;
  readonly workers: number;
}

/** Who owns the generations. */
export interface Owner {
  /** @throws {ZdlbError} `stopping`, when nothing new is to be started any more */
  readonly proceed: () => void;
  /** A watch window opens. */
  readonly watching: () => void;
  /** A generation is out of the lineup, and is drained and stopped. */
  readonly retire: (generation: Generation) => void;
}

/** What a succession works with. */
export interface Means {
  readonly dataPath: DataPath;
  readonly ports: PortMap;
  readonly log: ReloadLog;
  readonly drain: Drain;
}

/** How generations follow one another: who gets the work of which slot, and what is wanted while they do. */
export class Succession {
  readonly lineup = new Lineup();
  readonly #means: Means;
  readonly #owner: Owner;
  #wanted: Wanted;
  #window: WatchWindow | undefined;

  constructor(wanted: Wanted, means: Means, owner: Owner) {
    this.#wanted = wanted;
    this.#means = means;
    this.#owner = owner;
  }

  get wanted(): Wanted {
    return this.#wanted;
  }

  /** Whether a former generation is warm, to go back to. */
  get isReversible(): boolean {
    return this.#window !== undefined;
  }

  /**
   * Brings a generation into service, and compares it with the former one if a watch window is wanted; resolves when the
   * former one is not needed any more.
   *
   * @throws {ZdlbError} `worker` when it failed or was taken back: what served before is wanted again
   */
  async follow(generation: Generation, wanted: Wanted, surge: Config['surge']): Promise<void> {
    const before = this.#wanted;
    try {
      await this.#rollOut(generation, wanted, surge);
    } catch (error) {
      if (this.#wanted === wanted && before !== wanted) this.#stopHalfWay(generation, before);
      throw error;
    }
    if (this.lineup.former.length > 0) await this.#watch(generation, wanted, before);
  }

  /** Sets the number of workers; resolves when those that join are ready. */
  async resize(workers: number): Promise<void> {
    this.#wanted = { ...this.#wanted, workers };
    await this.lineup.resize(workers, this.#means.drain);
  }

  /** Ends the watch window, if one is open: the new generation stays. */
  endWindow(): void {
    this.#window?.end();
    this.#window = undefined; // its verdict is out: who comes later in this tick must not think that it is open
  }

  /** Gives the work back to the former generation, if it is warm. */
  takeBack(reason: string): void {
    this.#window?.takeBack(reason);
  }

  /** A worker in service has crashed. */
  crashed(generation: Generation, { failure }: Exit): void {
    if (generation === this.lineup.newest) this.#window?.takeBack(failure.then(({ message }) => message));
  }

  /** Tells the data path who gets work now. */
  rotate(): void {
    const { rotation } = this.lineup;
    this.#means.ports.observe(rotation);
    this.#means.dataPath.swap(rotation);
  }

  async #rollOut(generation: Generation, wanted: Wanted, surge: Config['surge']): Promise<void> {
    const keepsFormer = wanted.config.watchWindow !== Infinity;
    await rollOut(generation, wanted.workers, surge, {
      proceed: this.#owner.proceed,
      takeOver: () => this.#takeOver(generation, wanted),
      relieve: async (slots) => {
        if (keepsFormer) return;
        await Promise.all(this.lineup.former.map((former) => former.leave(slots, this.#means.drain)));
      },
      batchDone: (ready) => this.#means.log.batchDone(ready, wanted.workers),
    });
    if (keepsFormer) return;
    this.#owner.proceed(); // zdlb may have been stopped in the tick of the swap
    this.#retireFormer();
  }

  /** The swap: in one tick those workers of the new generation that have proved themselves get all new work of their slots. */
  #takeOver(next: Generation, wanted: Wanted): void {
    this.#owner.proceed();
    if (next.state === 'starting' && this.lineup.newest !== undefined) this.#means.dataPath.configure(wanted.config);
    next.serve();
    this.lineup.add(next);
    this.#wanted = wanted;
    this.rotate();
  }

  #retireFormer(): void {
    const { former } = this.lineup;
    for (const generation of former) this.lineup.remove(generation);
    this.rotate(); // with fewer workers than before, the former ones of the slots that are given up still had work
    for (const generation of former) this.#owner.retire(generation);
  }

  async #watch(generation: Generation, asked: Wanted, before: Wanted): Promise<void> {
    this.#owner.proceed();
    const { former } = this.lineup;
    for (const warm of former) warm.standBy();
    this.rotate(); // with fewer workers than before, they still served the slots that are given up
    this.#means.log.watching(generation.number, former, asked.config.watchWindow);
    const window = new WatchWindow(asked.config, former[0]!.tally, () => generation.tally);
    this.#window = window;
    this.#owner.watching();
    const verdict = await window.verdict;
    this.#window = undefined;
    this.#owner.proceed();
    if (!verdict.isTakenBack) return this.#retireFormer();
    const isScaled = this.#wanted.workers !== asked.workers;
    this.#swapBack(generation, isScaled ? { ...before, workers: this.#wanted.workers } : before);
    throw new ZdlbError('worker', `Generation ${generation.number} was taken back: ${await verdict.reason}`);
  }

  /** The batches that have taken over stay: those whom they relieved wait for no window any more. */
  #stopHalfWay(generation: Generation, before: Wanted): void {
    for (const former of this.lineup.former) void former.leave(generation.slotsInService, this.#means.drain);
    this.#comeBackTo(before);
  }

  /** In one tick all new work goes back to those that were relieved. */
  #swapBack(failed: Generation, before: Wanted): void {
    this.lineup.remove(failed);
    for (const generation of this.lineup.all) generation.serve();
    this.rotate();
    this.#owner.retire(failed);
    this.#comeBackTo(before);
  }

  /** The reload has failed behind a swap: what was wanted before is wanted again, and as many workers. */
  #comeBackTo(before: Wanted): void {
    this.#means.dataPath.configure(before.config);
    this.#wanted = before;
    this.resize(before.workers).catch(() => {}); // who did not join is tried again, as the log says
  }
}
