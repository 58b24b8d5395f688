#!/usr/bin/env node
// @ts-check
// What does a request cost in zdlb, and what in its peers? CPU time of the proxy alone, requests per second, latency, and the
// memory of idle connections, in rounds that take turns. Linux only; `--help` tells the options. Ends with exit code 1 when
// anybody fails or answers wrongly; whoever is not installed is left out.

import { Clients } from './clients.js';
import { WORKERS } from './contestants/contestant.js';
import { writeDocument } from './document.js';
import { machine, messageOf, said, versions } from './machine.js';
import { parseOptions, USAGE, UsageError } from './options.js';
import { cpuTime } from './process-time.js';
import { installed } from './program.js';
import { report } from './report.js';
import { Rounds } from './rounds.js';
import { Stage } from './stage.js';

/** @param {import('./options.js').Options} options @param {Stage} stage */
async function measure(options, stage) {
  const clients = new Clients(stage);
  const rounds = new Rounds(stage, clients, options, (progress) => process.stderr.write(`${progress}\n`));
  await rounds.gather();
  const sections = [];
  for (const load of options.loads) sections.push(await rounds.load(load));
  const idle = options.idle ? await rounds.idle() : [];
  const text = await report({
    machine: machine(),
    versions: versions(peerVersions(rounds), options.generator),
    rounds: options.rounds,
    seconds: options.seconds,
    workers: WORKERS,
    sections,
    idle,
    absent: [...rounds.absent, ...rounds.failures],
  });
  process.stdout.write(`\n${text}`);
  if (rounds.failures.length > 0) process.exitCode = 1;
  if (options.write) process.stderr.write(`\nwritten to ${writeDocument(text)}\n`);
}

/** @param {Rounds} rounds */
function peerVersions({ running }) {
  /** @type {Map<string, string>} */
  const known = new Map();
  for (const [{ family, name }, { version }] of running) {
    const program = family.toLowerCase();
    const path = program === 'nginx' || program === 'haproxy' ? installed(program) : undefined;
    if (path !== undefined) known.set(family, said(path, '-v'));
    if (version !== undefined) known.set(name, version);
  }
  return known;
}

/** Rejects when somebody wants the run to end. @returns {Promise<never>} */
function interruption() {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => reject(new Error(`ended by ${signal}`)));
  });
}

/** @param {import('./options.js').Options} options */
async function run(options) {
  if (process.platform !== 'linux') throw new Error('CPU times are read from /proc: this runs on Linux only');
  if (cpuTime(process.pid) === 0) throw new Error('this kernel does not tell CPU times in /proc/PID/task/*/schedstat');
  const stage = new Stage();
  try {
    await Promise.race([measure(options, stage), interruption()]);
  } finally {
    await stage.close();
  }
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(USAGE);
  else await run(options);
  process.exit(0);
} catch (error) {
  process.stderr.write(`bench: ${messageOf(error)}\n${error instanceof UsageError ? `\n${USAGE}` : ''}`);
  process.exit(error instanceof UsageError ? 2 : 1);
}
