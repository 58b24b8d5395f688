import { access, constants, readFile, realpath, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { type Config, options } from '../core/config.js';
import { whyUnreadable, ZdlbError } from '../core/errors.js';
import { AGENT_SETTINGS } from '../core/messages.cjs';
import { findExecutable, pin } from './executable.js';
import { type Identity, resolveIdentity } from './identity.js';
import { resolveScript } from './script.js';
import { startFolder } from './start-folder.js';

type Environment = Readonly<Record<string, string | undefined>>;

interface Setting {
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
  /** Absent: who runs zdlb. */
  readonly identity?: Identity;
}

/** A Node program. */
export interface NodeLaunch extends Setting {
  readonly node: string;
  readonly nodeArgs: readonly string[];
  readonly script: string;
}

/** A program of any kind. */
export interface CommandLaunch extends Setting {
  readonly command: string;
  /** By what path the program is to believe that it was called. */
  readonly argv0: string;
}

/** What a generation starts its workers with: real paths and values, found out once, so that a refill runs the same code. */
export type Launch = NodeLaunch | CommandLaunch;

/** The part of it that the system wants to know. */
export function identityOf({ identity }: Launch): { readonly uid?: number; readonly gid?: number } {
  return identity === undefined ? {} : { uid: identity.uid, gid: identity.gid };
}

/**
 * Settles what a new generation runs. The working folder is relative to the folder in which zdlb was started; the script,
 * the environment file, and a command or a node binary given as a path are relative to the working folder.
 *
 * @throws {ZdlbError} `usage`, when something is not there
 */
export async function resolveLaunch(
  config: Config,
  base: string = startFolder,
  inherited: Environment = process.env,
): Promise<Launch> {
  const cwd = await realFolder(base, config.cwd);
  const identity = await resolveIdentity(config);
  const env = {
    ...withoutOptions(inherited),
    ...identity?.variables,
    ...withoutOptions(await readEnvFile(cwd, config.envFile)),
    ...withoutOptions(config.env ?? {}),
  };
  const setting = { cwd, env, ...(identity === undefined ? {} : { identity }) };
  const [command, ...args] = config.command ?? [];
  return command === undefined
    ? nodeLaunch(config, setting)
    : commandLaunch(config.name, command, { ...setting, args });
}

async function nodeLaunch(config: Config, setting: Omit<Setting, 'name' | 'args'>): Promise<NodeLaunch> {
  const { cwd, env } = setting;
  const script = await realScript(cwd, config.script);
  return {
    ...setting,
    name: config.name ?? basename(script, extname(script)),
    node: await realNode(cwd, config.node, env),
    nodeArgs: config.nodeArgs,
    script,
    args: config.args,
  };
}

async function commandLaunch(
  name: string | undefined,
  command: string,
  setting: Omit<Setting, 'name'>,
): Promise<CommandLaunch> {
  const path = await found(`Cannot run ${command}`, findExecutable(command, setting.cwd, setting.env['PATH']));
  if (path === undefined) throw new ZdlbError('usage', `Cannot run ${command}: no such program in PATH`);
  const { file, argv0 } = await found(`Cannot run ${command}`, pin(path));
  return { ...setting, name: name ?? basename(argv0), command: file, argv0 };
}

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
  const action = `Cannot run workers with ${node}`;
  const path = await found(action, findExecutable(node, cwd, env['PATH']));
  if (path === undefined) throw new ZdlbError('usage', `${action}: no such program in PATH`);
  return found(action, realpath(path));
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

/** zdlb's own settings are not the program's, least of all when the program runs a zdlb; nor is what the service manager tells zdlb. */
function withoutOptions(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ownVariables.has(name)));
}

/** What a service manager tells the process that it has started, and no other. */
const SERVICE_MANAGER = [
  'LISTEN_FDS',
  'LISTEN_PID',
  'LISTEN_PIDFDID',
  'LISTEN_FDNAMES',
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
];

const ownVariables: ReadonlySet<string> = new Set([
  AGENT_SETTINGS,
  'ZDLB_CONFIG',
  ...SERVICE_MANAGER,
  ...[...options.keys()].map((key) => `ZDLB_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`),
]);

async function found<T>(action: string, lookup: Promise<T>): Promise<T> {
  try {
    return await lookup;
  } catch (error) {
    throw new ZdlbError('usage', `${action}: ${whyUnreadable(error)}`, { cause: error });
  }
}
