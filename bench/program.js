// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** How long a program may take until it listens (ms). */
const START_MS = 30_000;
/** From SIGTERM to SIGKILL (ms). */
const STOP_MS = 10_000;
/** How much of a program's last words is kept (characters). */
const WORDS = 2_000;

/** A program that ended before it listened. */
export class ProgramEnded extends Error {
  /** @param {string} name @param {number | null} exitCode @param {string} words its standard error */
  constructor(name, exitCode, words) {
    super(`Cannot start ${name}: it ended with exit code ${exitCode}: ${words.trim() || 'without a word'}`);
    this.exitCode = exitCode;
    this.words = words.trim();
  }
}

/** A running program of ours. */
export class Program {
  #words = '';

  /**
   * Starts it; it ends with the stage.
   *
   * @param {import('./stage.js').Stage} stage
   * @param {string} name for messages
   * @param {readonly string[]} command the program and its arguments
   * @param {Readonly<Record<string, string>>} [env] on top of our own
   */
  constructor(stage, name, [command = '', ...args], env = {}) {
    this.name = name;
    this.child = spawn(command, args, {
      env: { ...ownEnvironment, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
      // A session of its own, as a service has one, and as zdlb's workers have: Linux shares out the processor by session
      // (autogroup), and whoever is in one with the load generator is preempted less.
      detached: true,
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text) => (this.#words = (this.#words + text).slice(-WORDS)));
    this.child.on('error', (error) => (this.#words += error.message));
    this.exited = new Promise((resolve) => this.child.once('close', resolve));
    stage.onClose(() => this.stop());
  }

  get pid() {
    if (this.child.pid === undefined) throw new ProgramEnded(this.name, null, this.#words);
    return this.child.pid;
  }

  get hasEnded() {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /**
   * Resolves when somebody accepts connections there.
   *
   * @param {import('node:net').NetConnectOpts} address
   * @throws {ProgramEnded}
   */
  async listening(address) {
    await this.until(() => accepts(address), 'it does not listen');
  }

  /**
   * Resolves when `condition` holds; no event tells when another process has come that far.
   *
   * @param {() => boolean | Promise<boolean>} condition
   * @param {string} otherwise what is wrong when it does not
   */
  async until(condition, otherwise) {
    const deadline = Date.now() + START_MS;
    while (!(await condition())) {
      if (this.hasEnded) {
        await this.exited; // its last words are complete
        throw new ProgramEnded(this.name, this.child.exitCode, this.#words);
      }
      if (Date.now() > deadline) throw new Error(`Cannot use ${this.name}: ${otherwise} after ${START_MS / 1000} s`);
      await pause(20);
    }
  }

  /**
   * Resolves when it has ended well.
   *
   * @param {number} limit (ms)
   * @throws {ProgramEnded}
   */
  async done(limit) {
    const timer = setTimeout(() => void this.stop(), limit);
    await this.exited;
    clearTimeout(timer);
    if (this.child.exitCode !== 0) throw new ProgramEnded(this.name, this.child.exitCode, this.#words);
  }

  async stop() {
    if (this.hasEnded) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await this.exited;
    clearTimeout(timer);
  }
}

/** The settings of whoever runs the benchmark are not those of the zdlb that is measured. */
const ownEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('ZDLB_') && name !== 'SOCKET'),
);

/** Whether somebody accepts connections there. @param {import('node:net').NetConnectOpts} address */
async function accepts(address) {
  const socket = connect(address);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** Where a program is installed, if it is. Debian keeps servers in folders that are not in everybody's PATH. @param {string} name */
export function installed(name) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => isExecutable(path));
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
