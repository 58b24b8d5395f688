// @ts-check
import { bareWorkers } from './contestants/bare.js';
import { Absent } from './contestants/contestant.js';
import { get } from './loads.js';
import { messageOf, openFiles } from './machine.js';
import { median } from './median.js';
import { atRest } from './process-time.js';
import { freePort } from './program.js';

/**
 * @typedef {import('./contestants/contestant.js').Contestant} Contestant
 * @typedef {import('./contestants/contestant.js').Running} Running
 * @typedef {import('./client/client.js').Measurement} Measurement
 * @typedef {import('./client/client.js').Memory} Memory
 * @typedef {import('./loads.js').Load} Load
 */
/** @typedef {{ contestant: Contestant, figures: Measurement & { primaryCpu?: number } }} Row medians */
/** @typedef {{ load: Load, rows: readonly Row[] }} Section */
/** @typedef {{ contestant: Contestant, memory: Memory }} IdleRow */

/** How many idle connections are opened, and how often in fresh processes. */
export const IDLE_CONNECTIONS = 5_000;
const IDLE_ROUNDS = 3;
/**
 * Turns that don't count (s): one behind each start, since some have workers to themselves and others share them, which are
 * therefore compiled sooner; and one before each load, in which connections to workers are opened.
 */
const START_SECONDS = 3;
const WARM_UP_SECONDS = 1;
/** @type {Load} */
const WARM_UP_LOAD = { ...get(64), name: 'warm-up' };

/** Lets contestants take turns. */
export class Rounds {
  /** Whoever is not to be had, and why. @type {{ contestant: Contestant, reason: string }[]} */
  absent = [];
  /** Whoever did not bear a load, and why. @type {{ contestant: Contestant, reason: string }[]} */
  failures = [];
  /** @type {Map<Contestant, Running>} */
  running = new Map();

  /**
   * @param {import('./stage.js').Stage} stage
   * @param {import('./clients.js').Clients} clients
   * @param {import('./options.js').Options} options
   * @param {(progress: string) => void} say
   */
  constructor(stage, clients, options, say) {
    this.stage = stage;
    this.clients = clients;
    this.options = options;
    this.say = say;
    this.bare = bareWorkers(stage);
  }

  /** Starts everybody. */
  async gather() {
    for (const contestant of this.options.contestants) {
      this.say(`starting ${contestant.title}`);
      try {
        const running = await this.#start(contestant, this.stage);
        this.running.set(contestant, running);
        await this.#load(contestant, running, WARM_UP_LOAD, START_SECONDS);
      } catch (error) {
        if (!(error instanceof Absent)) throw error;
        this.absent.push({ contestant, reason: error.message });
        this.say(`left out: ${contestant.title}: ${error.message}`);
      }
    }
    if (this.running.size === 0) throw new Error('nobody is left to be measured');
  }

  /** Everybody takes turns at a load; the order rotates from round to round. @param {Load} load @returns {Promise<Section>} */
  async load(load) {
    const { rounds, seconds } = this.options;
    /** @type {Map<Contestant, Row['figures'][]>} */
    const turns = new Map();
    /** Who has failed at this load has no figures for it, and the run says so. @type {Set<Contestant>} */
    const failed = new Set();
    /** @param {Contestant} contestant @param {number} length */
    const turn = async (contestant, length) => {
      if (failed.has(contestant)) return undefined;
      try {
        return await this.#turn(contestant, load, length);
      } catch (error) {
        if (this.running.size === 1) throw error;
        failed.add(contestant);
        this.failures.push({ contestant, reason: messageOf(error) });
        this.say(`failed: ${contestant.title}: ${messageOf(error)}`);
        return undefined;
      }
    };
    for (const contestant of this.running.keys()) await turn(contestant, WARM_UP_SECONDS);
    for (let round = 0; round < rounds; round++) {
      this.say(`${load.name}: round ${round + 1} of ${rounds}`);
      for (const contestant of rotated([...this.running.keys()], round)) {
        const figures = await turn(contestant, seconds);
        if (figures !== undefined) turns.set(contestant, [...(turns.get(contestant) ?? []), figures]);
      }
    }
    const rows = [...this.running.keys()]
      .filter((contestant) => !failed.has(contestant))
      .map((contestant) => ({
        contestant,
        figures: mediansOf(turns.get(contestant) ?? []),
      }));
    return { load, rows };
  }

  /** Fresh processes, warmed up, and what idle connections cost them. @returns {Promise<readonly IdleRow[]>} */
  async idle() {
    const contestants = [...this.running].filter(([, { proxy }]) => proxy.length > 0).map(([contestant]) => contestant);
    const wanted = IDLE_CONNECTIONS * 2 + 200;
    if (openFiles() < wanted) {
      this.say(`left out: idle connections: ulimit -n is ${openFiles()}, wanted ${wanted}`);
      return [];
    }
    /** @type {Map<Contestant, Memory[]>} */
    const turns = new Map();
    for (let round = 0; round < Math.min(IDLE_ROUNDS, this.options.rounds); round++) {
      this.say(`idle: round ${round + 1} of ${Math.min(IDLE_ROUNDS, this.options.rounds)}`);
      for (const contestant of rotated(contestants, round))
        turns.set(contestant, [...(turns.get(contestant) ?? []), await this.#idleTurn(contestant)]);
    }
    return contestants.map((contestant) => ({ contestant, memory: mediansOf(turns.get(contestant) ?? []) }));
  }

  /** @param {Contestant} contestant @param {import('./stage.js').Stage} stage */
  async #start(contestant, stage) {
    return contestant.start({ stage: stage.nested(), port: await freePort(), bare: this.bare });
  }

  /** @param {Contestant} contestant @param {Load} load @param {number} seconds */
  async #turn(contestant, load, seconds) {
    const running = /** @type {Running} */ (this.running.get(contestant));
    return this.#load(contestant, running, load, seconds);
  }

  /** @param {Contestant} contestant @param {Running} running @param {Load} load @param {number} seconds */
  async #load(contestant, { port, proxy, workers, primary }, load, seconds) {
    const watched = { proxy: primary === undefined ? proxy : [primary], workers };
    try {
      const { proxyCpu, ...figures } = await this.clients.load({
        kind: 'load',
        load,
        generator: this.options.generator,
        port,
        seconds,
        watched,
      });
      await atRest([...watched.proxy, ...workers]);
      return primary === undefined
        ? { ...figures, proxyCpu }
        : { ...figures, proxyCpu: Number.NaN, primaryCpu: proxyCpu };
    } catch (error) {
      throw new Error(`${contestant.title}, ${load.name}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** @param {Contestant} contestant */
  async #idleTurn(contestant) {
    const stage = this.stage.nested();
    try {
      const running = await this.#start(contestant, stage);
      await this.#load(contestant, running, WARM_UP_LOAD, START_SECONDS);
      const { port, proxy, workers } = running;
      return await this.clients.idle({
        kind: 'idle',
        port,
        connections: IDLE_CONNECTIONS,
        watched: { proxy, workers },
      });
    } catch (error) {
      throw new Error(`${contestant.title}, idle: ${messageOf(error)}`, { cause: error });
    } finally {
      await stage.close();
    }
  }
}

/** @template T @param {readonly T[]} items @param {number} by */
export function rotated(items, by) {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

/**
 * Figure by figure.
 *
 * @template {object} T
 * @param {readonly T[]} turns
 * @returns {T}
 */
function mediansOf(turns) {
  const names = Object.keys(turns[0] ?? {});
  const of = (/** @type {string} */ name) =>
    turns.map((turn) => /** @type {Record<string, number>} */ (turn)[name] ?? Number.NaN);
  return /** @type {T} */ (Object.fromEntries(names.map((name) => [name, median(of(name))])));
}
