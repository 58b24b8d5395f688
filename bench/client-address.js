#!/usr/bin/env node
// @ts-check
// What does it cost a worker that its program sees the clients' addresses? CPU time of the worker per request: with an
// address that is read, one that is not, and without (`--no-client-address`); in rounds that take turns.
//
//     node bench/client-address.js [rounds, 10 unless given] [seconds of each turn, 3 unless given]

import { fileURLToPath } from 'node:url';
import { Clients } from './clients.js';
import { get } from './loads.js';
import { machine, messageOf } from './machine.js';
import { median } from './median.js';
import { atRest, childrenOf } from './process-time.js';
import { freePort, Program } from './program.js';
import { rotated } from './rounds.js';
import { Stage } from './stage.js';

/** @typedef {{ title: string, options: readonly string[], args: readonly string[] }} Contestant */
/** @typedef {{ contestant: Contestant, port: number, watched: { proxy: readonly number[], workers: readonly number[] } }} Running */

const PROGRAM = fileURLToPath(new URL('programs/client-address.cjs', import.meta.url));
const ZDLB = fileURLToPath(new URL('../bin/zdlb.js', import.meta.url));
const LOAD = get(64);

/** The last one is what the others are compared with. @type {readonly Contestant[]} */
const CONTESTANTS = [
  { title: 'the address is read', options: [], args: ['read'] },
  { title: 'the address is not read', options: [], args: [] },
  { title: '--no-client-address (X-Forwarded-* instead)', options: ['--no-client-address'], args: [] },
  { title: '--no-client-address --forwarded off', options: ['--no-client-address', '--forwarded', 'off'], args: [] },
];

/** @param {string | undefined} text @param {number} otherwise */
function positive(text, otherwise) {
  const number = Number(text ?? otherwise);
  if (number > 0 && Number.isFinite(number)) return number;
  console.error(`Cannot use ${text}: wanted a number above 0, as in node bench/client-address.js [rounds] [seconds]`);
  return process.exit(2);
}

/** @param {Stage} stage @param {Contestant} contestant @returns {Promise<Running>} */
async function start(stage, contestant) {
  const port = await freePort();
  const own = ['--port', String(port), '--host', '127.0.0.1', '--workers', '1', '--log-level', 'warn'];
  const command = [process.execPath, ZDLB, ...own, ...contestant.options, PROGRAM, ...contestant.args];
  const program = new Program(stage, 'zdlb', command);
  await program.listening({ port, host: '127.0.0.1' });
  return { contestant, port, watched: { proxy: [program.pid], workers: childrenOf(program.pid, process.execPath) } };
}

/** @param {Clients} clients @param {Running} running @returns {Promise<number>} µs per request of the worker */
async function turn(clients, { port, watched }) {
  const { workersCpu } = await clients.load({
    kind: 'load',
    load: LOAD,
    generator: 'autocannon',
    port,
    seconds,
    watched,
  });
  await atRest([...watched.proxy, ...watched.workers]);
  return workersCpu;
}

/** @param {Stage} stage */
async function measure(stage) {
  const clients = new Clients(stage);
  /** @type {Map<Running, number[]>} */
  const turns = new Map();
  for (const contestant of CONTESTANTS) turns.set(await start(stage, contestant), []);
  for (const running of turns.keys()) await turn(clients, running); // what is loaded for the first time is being compiled
  for (let round = 0; round < rounds; round++) {
    for (const running of rotated([...turns.keys()], round)) turns.get(running)?.push(await turn(clients, running));
  }
  report([...turns].map(([{ contestant }, costs]) => ({ title: contestant.title, costs })));
}

/** @param {readonly { title: string, costs: readonly number[] }[]} rows */
function report(rows) {
  const base = rows.at(-1)?.costs ?? [];
  console.log(`\n${LOAD.title}, ${rounds} rounds of ${seconds} s\n`);
  console.log('| | worker, µs per request | × without, median of the rounds |\n|---|--:|--:|');
  for (const { title, costs } of rows) {
    const ratios = costs.map((cost, round) => cost / (base[round] ?? Number.NaN));
    console.log(`| ${title} | ${median(costs).toFixed(1)} | ${median(ratios).toFixed(3)} |`);
  }
  console.log(`\n1 worker; node ${process.version}; ${machine()}`);
}

const rounds = positive(process.argv[2], 10);
const seconds = positive(process.argv[3], 3);
const stage = new Stage();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => void stage.close().finally(() => process.exit(1)));
try {
  await measure(stage);
} catch (error) {
  console.error(`bench: ${messageOf(error)}`);
  process.exitCode = 1;
} finally {
  await stage.close();
}
