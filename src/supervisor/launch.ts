import { statSync } from 'node:fs';
import { access, constants, readFile, realpath, stat } from 'node:fs/promises';
import { basename, delimiter, extname, isAbsolute, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { type Config, options } from '../core/config.js';
import { messageOf, systemCode, ZdlbError } from '../core/errors.js';
import { AGENT_SETTINGS } from '../core/messages.cjs';
import { resolveScript } from './script.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a generation starts its workers with: real paths and values, found out once, so that a refill runs the same code. */
export interface Launch {
  readonly name: string;
  readonly node: string;
  readonly nodeArgs: readonly string[];
  readonly script: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
}

/**
 * Settles what a new generation runs. The working folder is relative to the folder in which zdlb was started; the script,
 * the environment file and a node binary given as a path are relative to the working folder.
 *
 * @throws {ZdlbError} `usage`, when something is not there
 */
export async function resolveLaunch(
  config: Config,
  base: string = startFolder,
  inherited: Environment = process.env,
): Promise<Launch> {
  const cwd = await realFolder(base, config.cwd);
  const env = { ...withoutOptions(inherited), ...withoutOptions(await readEnvFile(cwd, config.envFile)) };
  const script = await realScript(cwd, config.script);
  return {
    name: config.name ?? basename(script, extname(script)),
    node: await realNode(cwd, config.node, env),
    nodeArgs: config.nodeArgs,
    script,
    args: config.args,
    cwd,
    env,
  };
}

/**
 * The folder in which the front was started, by the path that the user went: `current` of a deployment that swaps symbolic
 * links. The system's own answer is the folder behind the link, which the next deployment leaves behind. $PWD is
 * what the shell believes, and only true while it names the same folder.
 */
function logicalFolder(): string {
  const logical = process.env['PWD'] ?? '';
  try {
    const physical = process.cwd();
    return isAbsolute(logical) && isSameFolder(logical, physical) ? logical : physical;
  } catch {
    return isAbsolute(logical) ? logical : '/'; // the folder has been deleted
  }
}

function isSameFolder(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

const startFolder = logicalFolder();

async function realFolder(base: string, folder: string): Promise<string> {
  const path = resolve(base, folder);
  const real = await found(`Cannot use the working folder ${path}`, realpath(path));
  if (!(await stat(real)).isDirectory())
    throw new ZdlbError('usage', `Cannot use the working folder ${path}: it is a file`);
  return real;
}

async function realScript(cwd: string, script: string | undefined): Promise<string> {
  if (script === undefined) throw new ZdlbError('usage', 'Cannot start workers: no script was given');
  const file = await resolveScript(cwd, script);
  if (file === undefined) throw new ZdlbError('usage', `Cannot run ${script}: no such file in ${cwd}`);
  await found(`Cannot run ${script}`, access(file, constants.R_OK));
  return file;
}

async function realNode(cwd: string, node: string | undefined, env: Environment): Promise<string> {
  if (node === undefined) return process.execPath;
  if (node.includes('/')) return found(`Cannot run workers with ${node}`, executable(resolve(cwd, node)));
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const file = await executable(resolve(cwd, folder, node)).catch(() => undefined);
    if (file !== undefined) return file;
  }
  throw new ZdlbError('usage', `Cannot run workers with ${node}: no such program in PATH`);
}

async function executable(path: string): Promise<string> {
  await access(path, constants.X_OK);
  return realpath(path);
}

/**
 * The variables of an environment file. They win over inherited ones: what the front inherited is as old as the front,
 * and a changed file must have its way at the next reload.
 */
async function readEnvFile(cwd: string, file: string | undefined): Promise<Environment> {
  if (file === undefined) return {};
  const path = resolve(cwd, file);
  return parseEnv(await found(`Cannot read the environment file ${path}`, readFile(path, 'utf8')));
}

/** zdlb's own settings are not the program's, least of all when the program runs a zdlb. */
function withoutOptions(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ownVariables.has(name)));
}

const ownVariables: ReadonlySet<string> = new Set([
  AGENT_SETTINGS,
  'ZDLB_CONFIG',
  ...[...options.keys()].map((key) => `ZDLB_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`),
]);

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such file or folder',
  EACCES: 'permission denied',
  ELOOP: 'its symbolic links go round in a circle',
};

async function found<T>(action: string, lookup: Promise<T>): Promise<T> {
  try {
    return await lookup;
  } catch (error) {
    const reason = REASONS[systemCode(error) ?? ''] ?? messageOf(error);
    throw new ZdlbError('usage', `${action}: ${reason}`, { cause: error });
  }
}
