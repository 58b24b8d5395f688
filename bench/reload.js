#!/usr/bin/env node
// @ts-check
// Does a client notice when the code is swapped every second? Kept-alive connections against `zdlb --workers 4`: one run
// with reloads, one without; exits 1 when anything was lost.
//
//     node bench/reload.js [seconds of each run, 20 unless given] [connections, 100 unless given]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';

/**
 * @typedef {{ event?: string, msg: string, durationMs?: number, reason?: string }} Entry a line of the front's log
 * @typedef {{ versions: Set<string>, result: autocannon.Result }} Run
 */

const BIN = fileURLToPath(new URL('../bin/zdlb.js', import.meta.url));
const WORKERS = 4;
const SWAP_EVERY_MS = 1_000;
const WARM_UP_SECONDS = 2;
const START_MS = 30_000;

const seconds = positive(process.argv[2], 20);
const connections = positive(process.argv[3], 100);

/** @param {string | undefined} text @param {number} otherwise */
function positive(text, otherwise) {
  const number = Number(text ?? otherwise);
  if (!Number.isInteger(number) || number <= 0) {
    console.error(
      `Cannot use ${text}: wanted a whole number above 0, as in node bench/reload.js [seconds] [connections]`,
    );
    process.exit(2);
  }
  return number;
}

/** @param {number} version */
function program(version) {
  return `require('node:http')
  .createServer((request, response) => response.end('version ${version}'))
  .listen(process.env.PORT);
`;
}

async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** The running zdlb, and the program that it runs. */
class Front {
  /** @type {Entry[]} */
  entries = [];

  /** @param {string} folder @param {number} port */
  constructor(folder, port) {
    this.port = port;
    this.script = join(folder, 'server.cjs');
    this.version = 0;
  }

  async start() {
    await this.deploy();
    const options = ['--port', String(this.port), '--workers', String(WORKERS), '--log-format', 'json'];
    this.child = spawn(process.execPath, [BIN, ...options, this.script], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.exited = once(this.child, 'exit');
    this.lines = createInterface({ input: this.child.stdout });
    this.lines.on('line', (line) => this.entries.push(JSON.parse(line)));
    const deadline = AbortSignal.timeout(START_MS);
    while (!this.entries.some(({ event }) => event === 'listening')) await this.line(deadline);
  }

  /** The next line of the log. @param {AbortSignal} deadline */
  async line(deadline) {
    const ended = this.exited?.then(([code]) => {
      throw new Error(`zdlb ended with exit code ${code}`);
    });
    await Promise.race([
      once(/** @type {import('node:events').EventEmitter} */ (this.lines), 'line', { signal: deadline }),
      ended,
    ]);
  }

  /** Puts the next version on disk. */
  async deploy() {
    await writeFile(`${this.script}.new`, program(++this.version));
    await rename(`${this.script}.new`, this.script);
  }

  async swap() {
    await this.deploy();
    this.child?.kill('SIGUSR2');
  }

  /** @param {string} name */
  logged(name) {
    return this.entries.filter(({ event }) => event === name);
  }

  async stop() {
    this.child?.kill('SIGTERM');
    await this.exited;
  }
}

/** @param {number} port @param {number} duration in seconds @returns {Promise<Run>} */
async function run(port, duration) {
  const versions = new Set();
  const result = await autocannon({
    url: `http://127.0.0.1:${port}/`,
    connections,
    duration,
    verifyBody: (body) => {
      versions.add(body);
      return /^version \d+$/.test(String(body));
    },
  });
  return { versions, result };
}

/** Swaps the code every second until `signal` says that the load has ended. @param {Front} front @param {AbortSignal} signal */
async function swapUntil(front, signal) {
  for await (const _ of ticks(signal)) await front.swap();
}

/** @param {AbortSignal} signal */
async function* ticks(signal) {
  while (!signal.aborted) {
    await pause(SWAP_EVERY_MS, undefined, { signal }).catch(() => {});
    if (!signal.aborted) yield;
  }
}

/**
 * Requests without a response, beyond the one that each connection had in flight when the run ended: autocannon connects
 * anew without a word when the other side closes a connection.
 *
 * @param {autocannon.Result} result
 */
function unanswered({ requests }) {
  return Math.max(0, requests.sent - requests.total - connections);
}

/** An error or a timeout leaves a request unanswered too, and an error page has the wrong body. @param {autocannon.Result} result */
function lost(result) {
  const { errors, timeouts, non2xx, mismatches } = result;
  return Math.max(errors + timeouts, unanswered(result)) + Math.max(non2xx, mismatches);
}

/** @param {Run} run */
function figures({ result, versions }) {
  const { requests, errors, timeouts, non2xx, mismatches, latency } = result;
  return {
    requests: requests.total,
    'per second': Math.round(requests.average),
    errors,
    timeouts,
    'non-2xx': non2xx,
    'wrong body': mismatches,
    unanswered: unanswered(result),
    'p50 ms': latency.p50,
    'p99 ms': latency.p99,
    'max ms': latency.max,
    'versions that answered': versions.size,
  };
}

/** One line for each figure, one column for each run. @param {Run} steady @param {Run} reloading */
function table(steady, reloading) {
  const columns = { steady: figures(steady), 'a reload every second': figures(reloading) };
  return Object.fromEntries(
    Object.keys(columns.steady).map((figure) => [
      figure,
      Object.fromEntries(
        Object.entries(columns).map(([name, values]) => [name, values[/** @type {'requests'} */ (figure)]]),
      ),
    ]),
  );
}

/** @param {Front} front @param {Run} steady @param {Run} reloading */
function report(front, steady, reloading) {
  const done = front.logged('reload.done').length;
  const failed = front.logged('reload.failed');
  console.table(table(steady, reloading));
  console.log(`${done} reloads done, ${failed.length} failed, while ${connections} connections were kept alive`);
  for (const { msg, reason } of failed) console.log(reason ?? msg);
  const cores = `${availableParallelism()} × ${cpus()[0]?.model.trim()}`;
  console.log(
    `zdlb --workers ${WORKERS}, ${seconds} s each; node ${process.version}, ${process.platform} ${process.arch}, ${cores}`,
  );
  const total = lost(steady.result) + lost(reloading.result);
  console.log(total === 0 ? 'Nothing was lost.' : `${total} requests were lost.`);
  process.exitCode = total === 0 && failed.length === 0 && done > 0 ? 0 : 1;
}

const folder = await mkdtemp(join(tmpdir(), 'zdlb-bench-'));
const front = new Front(folder, await freePort());
process.once('SIGINT', () => front.child?.kill('SIGTERM'));
try {
  await front.start();
  await run(front.port, WARM_UP_SECONDS);
  const steady = await run(front.port, seconds);
  const ended = new AbortController();
  const swapping = swapUntil(front, ended.signal);
  const reloading = await run(front.port, seconds);
  ended.abort();
  await swapping;
  report(front, steady, reloading);
} finally {
  await front.stop();
  await rm(folder, { recursive: true, force: true });
}
