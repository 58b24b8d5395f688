// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf } from '../process-time.js';
import { Program, ProgramEnded } from '../program.js';
import { Stage } from '../stage.js';
import { PROGRAM } from './bare.js';
import { Absent, WORKERS } from './contestant.js';

/** How long it may take to fetch PM2, and to answer a command (ms). */
const INSTALL_MS = 120_000;
const COMMAND_MS = 30_000;

/** @type {import('./contestant.js').Contestant} */
export const pm2 = {
  name: 'pm2',
  title: 'PM2, cluster mode',
  family: 'shared',
  mode: 'http',
  transport: 'port',
  async start({ stage, port }) {
    const { daemon, version } = await startPm2({ stage, port, program: PROGRAM, env: {} });
    const workers = childrenOf(daemon, process.execPath);
    if (workers.length !== WORKERS) throw new Error(`Cannot use PM2: it has ${workers.length} workers`);
    return { port, proxy: [], workers, primary: daemon, version };
  },
};

/**
 * Has a PM2 of its own run a program under the name `bench`.
 *
 * @param {{ stage: Stage, port: number, program: string, env: Readonly<Record<string, string>> }} what
 */
export async function startPm2({ stage, port, program, env }) {
  const folder = stage.folder();
  const version = await install(stage, folder);
  const home = join(folder, 'home');
  const all = { ...env, PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: 'true', PORT: String(port) };
  /** @param {Stage} owner @param {readonly string[]} args */
  const command = (owner, ...args) =>
    new Program(owner, 'PM2', [process.execPath, join(folder, 'node_modules/pm2/bin/pm2'), ...args], all);
  // Its daemon leaves our process group and outlives us: only its own command ends it, and the programs with it.
  stage.onClose(() => (existsSync(home) ? command(new Stage(), 'kill').done(COMMAND_MS) : undefined));
  const options = ['--name', 'bench', '--instances', String(WORKERS)];
  await command(stage, 'start', program, ...options).done(COMMAND_MS);
  return { command, version, daemon: Number(readFileSync(join(home, 'pm2.pid'), 'utf8')) };
}

/**
 * PM2 is no dependency of ours: it is fetched for a run, and gone with it.
 *
 * @param {Stage} stage
 * @param {string} folder
 */
async function install(stage, folder) {
  const options = ['--prefix', folder, '--no-audit', '--no-fund', '--no-save', '--loglevel=error'];
  try {
    await new Program(stage, 'npm', ['npm', 'install', ...options, 'pm2']).done(INSTALL_MS);
  } catch (error) {
    if (!(error instanceof ProgramEnded)) throw error;
    // The first line has the code; the last ones only say where npm keeps its log.
    const reason = error.words.split('\n').find((line) => line.startsWith('npm error'));
    throw new Absent(`it can't be had from npm: ${reason ?? 'it took too long'}`, { cause: error });
  }
  return JSON.parse(readFileSync(join(folder, 'node_modules/pm2/package.json'), 'utf8')).version;
}
