#!/usr/bin/env node
// @ts-check
// What does it cost a worker that its program sees the clients' addresses? CPU time of the worker per request: with an
// address that is read, one that is not, and without (`--no-client-address`); in rounds that take turns.
//
//     node bench/client-address.js [rounds, 10 unless given] [seconds of each turn, 1 unless given]

import { fileURLToPath } from 'node:url';
import { machine } from './machine.js';
import { atRest, childrenOf } from './process-time.js';
import { freePort, Program } from './program.js';
import { LOAD, compare, print } from './turns.js';

/** @typedef {import('./clients.js').Clients} Clients */
/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {{ title: string, options: readonly string[], args: readonly string[] }} Contestant */
/** @typedef {{ port: number, watched: { proxy: readonly number[], workers: readonly number[] } }} Running */

const PROGRAM = fileURLToPath(new URL('programs/client-address.cjs', import.meta.url));
const ZDLB = fileURLToPath(new URL('../bin/zdlb.js', import.meta.url));

/** The last one is what the others are compared with. @type {readonly Contestant[]} */
const CONTESTANTS = [
  { title: 'the address is read', options: [], args: ['read'] },
  { title: 'the address is not read', options: [], args: [] },
  { title: '--no-client-address (X-Forwarded-* instead)', options: ['--no-client-address'], args: [] },
  { title: '--no-client-address --forwarded off', options: ['--no-client-address', '--forwarded', 'off'], args: [] },
];

/** @param {Stage} stage @param {Contestant} contestant @returns {Promise<Running>} */
async function start(stage, contestant) {
  const port = await freePort();
  const own = ['--port', String(port), '--host', '127.0.0.1', '--workers', '1', '--log-level', 'warn'];
  const command = [process.execPath, ZDLB, ...own, ...contestant.options, PROGRAM, ...contestant.args];
  const program = new Program(stage, 'zdlb', command);
  await program.listening({ port, host: '127.0.0.1' });
  return { port, watched: { proxy: [program.pid], workers: childrenOf(program.pid, process.execPath) } };
}

/** @param {Clients} clients @param {Running} running @param {number} seconds @returns {Promise<number>} µs per request of the worker */
async function turn(clients, { port, watched }, seconds) {
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

await compare({
  script: 'client-address.js',
  contestants: CONTESTANTS,
  start,
  turn,
  report: (rows, rounds, seconds) => {
    print(rows, '| | worker, µs per request | × without, mean of the rounds |', rounds, seconds);
    console.log(`\n1 worker; node ${process.version}; ${machine()}`);
  },
});
