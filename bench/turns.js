// @ts-check
import { Clients } from './clients.js';
import { get } from './loads.js';
import { messageOf } from './machine.js';
import { median } from './median.js';
import { rotated } from './rounds.js';
import { Stage } from './stage.js';

/**
 * Variants of one front that take turns under one load: for questions of what an option costs.
 *
 * @template {{ readonly title: string }} Contestant
 * @template Running
 * @typedef {object} Comparison
 * @property {string} script as users call it
 * @property {readonly Contestant[]} contestants the last one is what the others are compared with
 * @property {(stage: Stage) => void} [prepare] makes what is there for all, and goes with the stage
 * @property {(stage: Stage, contestant: Contestant) => Promise<Running>} start
 * @property {(clients: Clients, running: Running, seconds: number) => Promise<number>} turn µs per request of whom the question is about
 * @property {(rows: readonly Row[], rounds: number, seconds: number) => void} report
 */
/** @typedef {{ title: string, cost: number, ratio: number }} Row medians of all rounds; the ratio is to the last contestant, in the same round */

export const LOAD = get(64);

/** @param {string} script @param {string | undefined} text @param {number} otherwise */
function positive(script, text, otherwise) {
  const number = Number(text ?? otherwise);
  if (number > 0 && Number.isFinite(number)) return number;
  console.error(`Cannot use ${text}: wanted a number above 0, as in node bench/${script} [rounds] [seconds]`);
  return process.exit(2);
}

/**
 * Compares them, in as many rounds of as many seconds a turn as the command line says.
 *
 * @template {{ readonly title: string }} Contestant
 * @template Running
 * @param {Comparison<Contestant, Running>} comparison
 */
export async function compare(comparison) {
  const rounds = positive(comparison.script, process.argv[2], 10);
  const seconds = positive(comparison.script, process.argv[3], 3);
  const stage = new Stage();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => void stage.close().finally(() => process.exit(1)));
  try {
    comparison.prepare?.(stage);
    comparison.report(await measure(comparison, stage, rounds, seconds), rounds, seconds);
  } catch (error) {
    console.error(`bench: ${messageOf(error)}`);
    process.exitCode = 1;
  } finally {
    await stage.close();
  }
}

/**
 * @template {{ readonly title: string }} Contestant
 * @template Running
 * @param {Comparison<Contestant, Running>} comparison
 * @param {Stage} stage
 * @param {number} rounds
 * @param {number} seconds
 * @returns {Promise<readonly Row[]>}
 */
async function measure({ contestants, start, turn }, stage, rounds, seconds) {
  const clients = new Clients(stage);
  /** @type {Map<Running, { title: string, costs: number[] }>} */
  const turns = new Map();
  for (const contestant of contestants)
    turns.set(await start(stage, contestant), { title: contestant.title, costs: [] });
  for (const running of turns.keys()) await turn(clients, running, seconds); // what is loaded for the first time is being compiled
  for (let round = 0; round < rounds; round++) {
    for (const running of rotated([...turns.keys()], round))
      turns.get(running)?.costs.push(await turn(clients, running, seconds));
  }
  const rows = [...turns.values()];
  const base = rows.at(-1)?.costs ?? [];
  return rows.map(({ title, costs }) => ({
    title,
    cost: median(costs),
    ratio: median(costs.map((cost, round) => cost / (base[round] ?? Number.NaN))),
  }));
}

/** Prints them. @param {readonly Row[]} rows @param {string} head of the table @param {number} rounds @param {number} seconds */
export function print(rows, head, rounds, seconds) {
  console.log(`\n${LOAD.title}, ${rounds} rounds of ${seconds} s\n`);
  console.log(`${head}\n|---|--:|--:|`);
  for (const { title, cost, ratio } of rows) console.log(`| ${title} | ${cost.toFixed(1)} | ${ratio.toFixed(3)} |`);
}
