// @ts-check
import { Clients } from './clients.js';
import { get } from './loads.js';
import { messageOf } from './machine.js';
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
/** @typedef {{ title: string, cost: number, ratio: number, error: number }} Row means of all rounds; the ratio is to the last contestant, in the same round, and has a standard error */

export const LOAD = get(64);
/** How often each takes its turn in a round. */
const TURNS = 4;
/** A turn that doesn't count: what is loaded for the first time is being compiled. */
const WARM_UP_SECONDS = 2;

/** @param {string} script @param {string | undefined} text @param {number} otherwise */
function positive(script, text, otherwise) {
  const number = Number(text ?? otherwise);
  if (number > 0 && Number.isFinite(number)) return number;
  console.error(`Cannot use ${text}: wanted a number above 0, as in node bench/${script} [rounds] [seconds]`);
  return process.exit(2);
}

/**
 * Compares them, in as many rounds of as many seconds a turn as the command line says. Each round has processes of its own: the
 * same program costs some percent more in one process than in another, for as long as they live.
 *
 * @template {{ readonly title: string }} Contestant
 * @template Running
 * @param {Comparison<Contestant, Running>} comparison
 */
export async function compare(comparison) {
  const rounds = positive(comparison.script, process.argv[2], 10);
  const seconds = positive(comparison.script, process.argv[3], 1);
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
  /** @type {{ contestant: Contestant, costs: number[] }[]} */
  const rows = contestants.map((contestant) => ({ contestant, costs: [] }));
  for (let round = 0; round < rounds; round++) {
    const own = stage.nested();
    const started = [];
    for (const { contestant, costs } of rows) started.push({ costs, running: await start(own, contestant), sum: 0 });
    for (const { running } of started) await turn(clients, running, WARM_UP_SECONDS);
    for (let time = 0; time < TURNS; time++) {
      const order = rotated(started, round + time);
      // There and back, so that nobody always has its turn behind the same one.
      for (const one of time % 2 === 0 ? order : order.toReversed())
        one.sum += await turn(clients, one.running, seconds);
    }
    for (const { costs, sum } of started) costs.push(sum / TURNS);
    await own.close();
  }
  const base = rows.at(-1)?.costs ?? [];
  return rows.map(({ contestant, costs }) => {
    const ratios = costs.map((cost, round) => cost / (base[round] ?? Number.NaN));
    return { title: contestant.title, cost: mean(costs), ratio: mean(ratios), error: standardError(ratios) };
  });
}

/** @param {readonly number[]} numbers */
const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** How far off the mean is likely to be; NaN for one number. @param {readonly number[]} numbers */
function standardError(numbers) {
  const middle = mean(numbers);
  const squares = numbers.reduce((sum, number) => sum + (number - middle) ** 2, 0);
  return Math.sqrt(squares / (numbers.length - 1) / numbers.length);
}

/** Prints them. @param {readonly Row[]} rows @param {string} head of the table @param {number} rounds @param {number} seconds */
export function print(rows, head, rounds, seconds) {
  console.log(`\n${LOAD.title}, ${rounds} rounds of ${TURNS} turns of ${seconds} s\n`);
  console.log(`${head}\n|---|--:|--:|`);
  for (const { title, cost, ratio, error } of rows)
    console.log(`| ${title} | ${cost.toFixed(1)} | ${ratio.toFixed(3)} ± ${error.toFixed(3)} |`);
}
