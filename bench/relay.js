#!/usr/bin/env node
// @ts-check
// What does the front cost? CPU time per request of the proxy process alone, from /proc, so that the load generator and the
// workers do not count: zdlb over private ports and over Unix sockets, the http-proxy package, and nginx and HAProxy where
// they are installed, each as one process in front of two workers, in rounds that take turns. Linux only.
//
//     node bench/relay.js [rounds, 5 unless given] [seconds of each turn, 3] [connections, 64]

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';

/** @typedef {{ name: string, port: number, pid: number, costs: number[] }} Contestant */

const [rounds = 5, seconds = 3, connections = 64] = process.argv.slice(2).map(Number);
const ZDLB = fileURLToPath(new URL('../bin/zdlb.js', import.meta.url));
const CLOCK_TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const PROGRAM = `require('node:http').createServer((q, s) => s.end('hello')).listen(process.env.PORT);\n`;
const HTTP_PROXY = `
const proxy = require('http-proxy').createProxyServer({ agent: new (require('node:http').Agent)({ keepAlive: true, maxSockets: Infinity }) });
const targets = process.argv.slice(1).map((port) => ({ host: '127.0.0.1', port }));
let next = 0;
require('node:http').createServer((q, s) => proxy.web(q, s, { target: targets[next++ % targets.length] })).listen(process.env.PORT);
`;

const folder = mkdtempSync(join(tmpdir(), 'zdlb-bench-'));
/** @type {import('node:child_process').ChildProcess[]} */
const children = [];

/** @param {string} name @param {string} text */
function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when something listens. @param {number} port */
async function listening(port) {
  for (let tries = 0; tries < 200; tries++) {
    const socket = connect(port, '127.0.0.1');
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (connected) return;
    await pause(50);
  }
  throw new Error(`Nothing listens on port ${port}`);
}

/** @param {string} command @param {readonly string[]} args @param {number} port */
async function start(command, args, port) {
  const child = spawn(command, args, {
    env: { ...process.env, PORT: String(port), NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  children.push(child);
  await listening(port);
  return /** @type {number} */ (child.pid);
}

/** @param {string} name @param {readonly string[]} options @returns {Promise<Contestant>} */
async function zdlb(name, options) {
  const port = await freePort();
  const args = [
    ZDLB,
    '--port',
    String(port),
    '--workers',
    '2',
    '--log-level',
    'warn',
    ...options,
    file('program.cjs', PROGRAM),
  ];
  return { name, port, pid: await start(process.execPath, args, port), costs: [] };
}

/** @param {readonly number[]} workers @returns {Promise<Contestant>} */
async function httpProxy(workers) {
  const port = await freePort();
  const args = ['-e', HTTP_PROXY, '--', ...workers.map(String)];
  return { name: 'http-proxy', port, pid: await start(process.execPath, args, port), costs: [] };
}

/** @param {readonly number[]} workers @returns {Promise<Contestant>} */
async function nginx(workers) {
  const port = await freePort();
  const config = `worker_processes 1; daemon off; error_log ${folder}/nginx.err; pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000;
upstream workers { ${workers.map((worker) => `server 127.0.0.1:${worker};`).join(' ')} keepalive 512; keepalive_requests 100000000; }
server { listen 127.0.0.1:${port}; location / { proxy_pass http://workers; proxy_http_version 1.1; proxy_set_header Connection "";
proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; } } }
`;
  const main = await start('nginx', ['-c', file('nginx.conf', config)], port);
  const [worker] = readFileSync(`/proc/${main}/task/${main}/children`, 'utf8').split(' ');
  return { name: 'nginx', port, pid: Number(worker), costs: [] };
}

/** @param {readonly number[]} workers @returns {Promise<Contestant>} */
async function haproxy(workers) {
  const port = await freePort();
  const config = `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  option forwardfor
  http-reuse always
listen front
  bind 127.0.0.1:${port}
  balance roundrobin
${workers.map((worker, i) => `  server w${i} 127.0.0.1:${worker} pool-max-conn 1000`).join('\n')}
`;
  return {
    name: 'HAProxy',
    port,
    pid: await start('haproxy', ['-db', '-f', file('haproxy.cfg', config)], port),
    costs: [],
  };
}

/** @param {string} program */
function isInstalled(program) {
  return ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'].some((place) =>
    existsSync(join(place, program)),
  );
}

/** CPU time in µs, of the process and its threads. @param {number} pid */
function cpuTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS) * 1e6;
}

/** One turn: µs of CPU per request. @param {Contestant} contestant */
async function turn({ port, pid }) {
  const before = cpuTime(pid);
  const result = await autocannon({ url: `http://127.0.0.1:${port}/`, connections, duration: seconds });
  if (result.errors + result.non2xx > 0) throw new Error(`${result.errors} errors, ${result.non2xx} bad answers`);
  return (cpuTime(pid) - before) / result.requests.total;
}

/** @param {readonly number[]} numbers */
function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return /** @type {number} */ (sorted[Math.floor(sorted.length / 2)]);
}

/** @param {readonly Contestant[]} contestants */
function report(contestants) {
  const reference = contestants.find(({ name }) => name === 'nginx') ?? contestants[0];
  const base = median(reference?.costs ?? []);
  console.table(
    Object.fromEntries(
      contestants.map(({ name, costs }) => [
        name,
        {
          'CPU µs per request': Number(median(costs).toFixed(1)),
          [`× ${reference?.name}`]: Number((median(costs) / base).toFixed(2)),
        },
      ]),
    ),
  );
  console.log(
    `kept-alive GET, ${connections} connections, ${rounds} rounds of ${seconds} s, medians; node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model.trim()}`,
  );
}

try {
  const workers = [await freePort(), await freePort()];
  for (const port of workers) await start(process.execPath, ['-e', PROGRAM], port);
  const contestants = [
    await zdlb('zdlb', []),
    await zdlb('zdlb --transport unix', ['--transport', 'unix']),
    await httpProxy(workers),
  ];
  if (isInstalled('nginx')) contestants.push(await nginx(workers));
  if (isInstalled('haproxy')) contestants.push(await haproxy(workers));
  for (const contestant of contestants) await turn(contestant); // warm up
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) contestant.costs.push(await turn(contestant));
  }
  report(contestants);
} finally {
  for (const child of children) child.kill('SIGTERM');
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  await Promise.all(running.map((child) => once(child, 'exit')));
  rmSync(folder, { recursive: true, force: true });
}
