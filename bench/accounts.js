#!/usr/bin/env node
// @ts-check
// What do the access log and the metrics cost the front? CPU time of the front per request: with an access log in a file and
// a scrape every second, with each of them alone, and without; in rounds that take turns.
//
//     node bench/accounts.js [rounds, 10 unless given] [seconds of each turn, 3 unless given]

import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Clients } from './clients.js';
import { get } from './loads.js';
import { machine, messageOf } from './machine.js';
import { median } from './median.js';
import { atRest, childrenOf } from './process-time.js';
import { freePort, Program } from './program.js';
import { rotated } from './rounds.js';
import { Stage } from './stage.js';

/** @typedef {{ title: string, hasLog: boolean, isScraped: boolean }} Contestant */
/** @typedef {{ contestant: Contestant, port: number, socket: string, log: string, watched: { proxy: readonly number[], workers: readonly number[] } }} Running */

const PROGRAM = fileURLToPath(new URL('programs/client-address.cjs', import.meta.url));
const ZDLB = fileURLToPath(new URL('../bin/zdlb.js', import.meta.url));
const LOAD = get(64);
const SCRAPE_MS = 1_000;
/** What issue and docs promise. */
const BOUND = 1.1;

/** The last one is what the others are compared with. @type {readonly Contestant[]} */
const CONTESTANTS = [
  { title: 'access log and metrics', hasLog: true, isScraped: true },
  { title: 'access log', hasLog: true, isScraped: false },
  { title: 'metrics', hasLog: false, isScraped: true },
  { title: 'neither', hasLog: false, isScraped: false },
];

/** @param {string | undefined} text @param {number} otherwise */
function positive(text, otherwise) {
  const number = Number(text ?? otherwise);
  if (number > 0 && Number.isFinite(number)) return number;
  console.error(`Cannot use ${text}: wanted a number above 0, as in node bench/accounts.js [rounds] [seconds]`);
  return process.exit(2);
}

/** @param {Stage} stage @param {Contestant} contestant @returns {Promise<Running>} */
async function start(stage, contestant) {
  const port = await freePort();
  const name = `bench-${port}`;
  const log = join(folder, `${name}.log`);
  const own = ['--port', String(port), '--host', '127.0.0.1', '--workers', '1', '--log-level', 'warn', '--name', name];
  const logged = contestant.hasLog ? ['--access-log', log] : [];
  const program = new Program(stage, 'zdlb', [process.execPath, ZDLB, ...own, ...logged, PROGRAM]);
  await program.listening({ port, host: '127.0.0.1' });
  const watched = { proxy: [program.pid], workers: childrenOf(program.pid, process.execPath) };
  return { contestant, port, socket: join(folder, `${name}.sock`), log, watched };
}

/** @param {string} socketPath */
function scrape(socketPath) {
  request({ socketPath, path: '/metrics', agent: false }, (answer) => answer.resume())
    .on('error', () => {})
    .end();
}

/** @param {Clients} clients @param {Running} running @returns {Promise<number>} µs per request of the front */
async function turn(clients, { contestant, port, socket, log, watched }) {
  const timer = contestant.isScraped ? setInterval(() => scrape(socket), SCRAPE_MS) : undefined;
  const { proxyCpu } = await clients.load({
    kind: 'load',
    load: LOAD,
    generator: 'autocannon',
    port,
    seconds,
    watched,
  });
  clearInterval(timer);
  await atRest([...watched.proxy, ...watched.workers]);
  if (contestant.hasLog) truncateSync(log);
  return proxyCpu;
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
  const ratioOf = (/** @type {readonly number[]} */ costs) =>
    median(costs.map((cost, round) => cost / (base[round] ?? Number.NaN)));
  console.log(`\n${LOAD.title}, ${rounds} rounds of ${seconds} s\n`);
  console.log('| | front, µs per request | × neither, median of the rounds |\n|---|--:|--:|');
  for (const { title, costs } of rows)
    console.log(`| ${title} | ${median(costs).toFixed(1)} | ${ratioOf(costs).toFixed(3)} |`);
  const isMet = ratioOf(rows[0]?.costs ?? []) <= BOUND;
  console.log(`\nAt most ${BOUND} is ${isMet ? 'met' : 'missed'}. 1 worker; node ${process.version}; ${machine()}`);
}

const rounds = positive(process.argv[2], 10);
const seconds = positive(process.argv[3], 3);
const folder = mkdtempSync(join(tmpdir(), 'zdlb-bench-'));
process.env['ZDLB_HOME'] = folder;
const stage = new Stage();
stage.onClose(async () => rmSync(folder, { recursive: true, force: true }));
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
