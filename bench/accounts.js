#!/usr/bin/env node
// @ts-check
// What do the access log and the metrics cost the front? CPU time of the front per request: with an access log in a file and
// a scrape every second, with each of them alone, and without; in rounds that take turns.
//
//     node bench/accounts.js [rounds, 10 unless given] [seconds of each turn, 1 unless given]

import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machine } from './machine.js';
import { atRest, childrenOf } from './process-time.js';
import { freePort, Program } from './program.js';
import { LOAD, compare, print } from './turns.js';

/** @typedef {import('./clients.js').Clients} Clients */
/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {{ title: string, hasLog: boolean, isScraped: boolean }} Contestant */
/** @typedef {{ contestant: Contestant, port: number, socket: string, log: string, watched: { proxy: readonly number[], workers: readonly number[] } }} Running */

const PROGRAM = fileURLToPath(new URL('programs/client-address.cjs', import.meta.url));
const ZDLB = fileURLToPath(new URL('../bin/zdlb.js', import.meta.url));
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

/** Once in each second, from the middle of the first one on. @param {string} socket @returns {() => void} ends it */
function scrapeRegularly(socket) {
  /** @type {NodeJS.Timeout} */
  let timer;
  const first = setTimeout(() => {
    scrape(socket);
    timer = setInterval(() => scrape(socket), SCRAPE_MS);
  }, SCRAPE_MS / 2);
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}

/** @param {Clients} clients @param {Running} running @param {number} seconds @returns {Promise<number>} µs per request of the front */
async function turn(clients, { contestant, port, socket, log, watched }, seconds) {
  const stopScraping = contestant.isScraped ? scrapeRegularly(socket) : () => {};
  const { proxyCpu } = await clients.load({
    kind: 'load',
    load: LOAD,
    generator: 'autocannon',
    port,
    seconds,
    watched,
  });
  stopScraping();
  await atRest([...watched.proxy, ...watched.workers]);
  if (contestant.hasLog) truncateSync(log);
  return proxyCpu;
}

/** Of the logs and the control sockets. */
let folder = '';

await compare({
  script: 'accounts.js',
  contestants: CONTESTANTS,
  prepare: (stage) => {
    folder = mkdtempSync(join(tmpdir(), 'zdlb-bench-'));
    process.env['ZDLB_HOME'] = folder;
    stage.onClose(async () => rmSync(folder, { recursive: true, force: true }));
  },
  start,
  turn,
  report: (rows, rounds, seconds) => {
    print(rows, '| | front, µs per request | × neither, mean of the rounds |', rounds, seconds);
    const isMet = (rows[0]?.ratio ?? Number.NaN) <= BOUND;
    console.log(`\nAt most ${BOUND} is ${isMet ? 'met' : 'missed'}. 1 worker; node ${process.version}; ${machine()}`);
  },
});
