// @ts-check
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

const require = createRequire(import.meta.url);

/** What the figures depend on besides the code. */
export function machine() {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`;
  return `${model}, ${availableParallelism()} cores, ${memory}, Linux ${release()}`;
}

/**
 * The versions of what took part.
 *
 * @param {ReadonlyMap<string, string>} measured the version by name, where somebody knew it
 * @param {'autocannon' | 'wrk'} generator
 */
export function versions(measured, generator) {
  const own = new Map([
    ['zdlb', ofPackage('../package.json')],
    ['node', process.version.slice(1)],
    ['http-proxy', ofPackage('http-proxy/package.json')],
    [generator, generator === 'wrk' ? said('wrk', '-v') : ofPackage('autocannon/package.json')],
  ]);
  return [...own, ...measured].map(([name, version]) => `${name} ${version}`).join(', ');
}

/** @param {string} file */
function ofPackage(file) {
  return String(require(file).version);
}

/** The version that a program tells, wherever it says it. @param {string} program @param {string} option */
export function said(program, option) {
  const text = execFileSync('/bin/sh', ['-c', '"$0" "$1" 2>&1 || true', program, option], { encoding: 'utf8' });
  return /\d+\.\d+[\w.+~-]*/.exec(text)?.[0] ?? 'of unknown version';
}

/** How many descriptors a process of ours may open. */
export function openFiles() {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return Number(limit ?? 1024);
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
