#!/usr/bin/env node
// @ts-check
// What do clients lose in a reload? The same program and the same clients, reloaded by zdlb with either backend, by PM2 and by a
// plain node:cluster script. The clients are bare sockets that connect anew when an answer tells them to, and never ask twice.
//
//     node bench/cluster-reload.js [reloads under each load, 3 unless given]

import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { NumberedClients } from './client/numbered.js';
import { Absent, WORKERS } from './contestants/contestant.js';
import { startPm2 } from './contestants/pm2.js';
import { machine, messageOf } from './machine.js';
import { freePort, Program } from './program.js';
import { Stage } from './stage.js';

/** @typedef {(stage: Stage, port: number) => Promise<() => unknown>} Start resolves with how to reload it */

const PROGRAM = fileURLToPath(new URL('programs/echo-path.cjs', import.meta.url));
const SCRIPT = fileURLToPath(new URL('programs/cluster-reload.js', import.meta.url));
const ZDLB = fileURLToPath(new URL('../bin/zdlb.js', import.meta.url));
/** From one reload to the next, and before the first (ms): the former workers have gone by then. */
const CALM_MS = 3_000;

/** How long the program takes to answer, and what its clients do. */
const LOADS = [
  { title: '50 kept-alive connections at full speed', answerMs: 0, lanes: { lanes: 50, thinkMs: 0, isFresh: false } },
  {
    title: '200 kept-alive connections that think for 20 ms',
    answerMs: 0,
    lanes: { lanes: 200, thinkMs: 20, isFresh: false },
  },
  {
    title: '50 kept-alive connections, answers take 200 ms',
    answerMs: 200,
    lanes: { lanes: 50, thinkMs: 0, isFresh: false },
  },
  {
    title: 'a new connection for each request, 20 at a time',
    answerMs: 0,
    lanes: { lanes: 20, thinkMs: 10, isFresh: true },
  },
];

/** @param {readonly string[]} options @returns {(answerMs: number) => Start} */
const zdlb = (options) => (answerMs) => (stage, port) => {
  const own = ['--port', String(port), '--workers', String(WORKERS), '--log-level', 'warn', ...options];
  return signalled(stage, port, 'zdlb', [process.execPath, ZDLB, ...own, PROGRAM, String(answerMs)], {});
};

/** @type {readonly (readonly [title: string, (answerMs: number) => Start])[]} */
const contestants = [
  ['zdlb --backend proxy', zdlb([])],
  ['zdlb --backend cluster', zdlb(['--backend', 'cluster'])],
  [
    'node:cluster script',
    (answerMs) => (stage, port) =>
      signalled(stage, port, 'node:cluster', [process.execPath, SCRIPT, PROGRAM, String(WORKERS)], {
        PORT: String(port),
        ANSWER_MS: String(answerMs),
      }),
  ],
  [
    'PM2, cluster mode',
    (answerMs) => async (stage, port) => {
      const { command } = await startPm2({ stage, port, program: PROGRAM, env: { ANSWER_MS: String(answerMs) } });
      return () => command(stage, 'reload', 'bench').done(60_000);
    },
  ],
];

/** @param {Stage} stage @param {number} port @param {string} name @param {readonly string[]} command @param {Record<string, string>} env */
async function signalled(stage, port, name, command, env) {
  const program = new Program(stage, name, command, env);
  await program.listening({ port, host: '127.0.0.1' });
  return () => process.kill(program.pid, 'SIGUSR2');
}

/** @param {Start} start @param {import('./client/numbered.js').Lanes} lanes */
async function measure(start, lanes) {
  const stage = new Stage();
  try {
    const port = await freePort();
    const reload = await start(stage, port);
    await pause(CALM_MS);
    const clients = new NumberedClients(port, lanes);
    for (let reloads = 0; reloads < wanted; reloads++) {
      await pause(CALM_MS);
      await reload();
    }
    await pause(CALM_MS);
    return await clients.stop();
  } finally {
    await stage.close();
  }
}

const wanted = Number(process.argv[2] ?? 3);
if (!Number.isInteger(wanted) || wanted < 1) {
  console.error(`Cannot reload ${process.argv[2]} times: wanted a whole number above 0`);
  process.exit(2);
}
let lostByZdlb = 0;
for (const { title, answerMs, lanes } of LOADS) {
  console.log(`\n${title}, ${wanted} reloads\n`);
  console.log('| | requests | lost | of them refused | hung |\n|---|--:|--:|--:|--:|');
  for (const [name, start] of contestants) {
    try {
      const { requests, unanswered, refused, hung } = await measure(start(answerMs), lanes);
      const lost = unanswered + refused + hung;
      if (name.startsWith('zdlb')) lostByZdlb += lost;
      console.log(`| ${name} | ${requests} | ${lost} | ${refused} | ${hung} |`);
    } catch (error) {
      if (!(error instanceof Absent)) throw error;
      console.log(`| ${name} | left out: ${messageOf(error)} |`);
    }
  }
}
console.log(`\n${WORKERS} workers; node ${process.version}; ${machine()}`);
process.exitCode = lostByZdlb === 0 ? 0 : 1;
