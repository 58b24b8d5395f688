import type { Config } from '../core/config.js';
import { ZdlbError } from '../core/errors.js';
import { type Launch, resolveLaunch } from '../supervisor/launch.js';
import { instanceName } from '../instance/instance-name.js';
import { parseCommandLine, readConfig } from './options.js';
import { say } from './say.js';

const USAGE = `zdlb check [options] [<script> [arguments of the script]]
zdlb check [options] --port N -- <command> [arguments]

Says whether zdlb run could start with these options, and starts nothing. Where
it could not, every mistake is named, and the exit code is 2.`;

/**
 * `zdlb check --config FILE`, or any other command line of `run`: says whether a front could start with it, and starts nothing.
 *
 * @returns 0; every mistake is thrown, and ends with 2
 */
export async function check(argv: readonly string[]): Promise<number> {
  const commandLine = parseCommandLine(argv, USAGE);
  if ('print' in commandLine) return say(commandLine.print);
  const config = readConfig(commandLine, process.env);
  const launch = await found(config).catch((error: unknown) => {
    // What the file names and is not there is a mistake in the file.
    throw error instanceof ZdlbError ? new ZdlbError('config', error.message, { cause: error }) : error;
  });
  const program = 'script' in launch ? launch.script : launch.command;
  return say(`The configuration of ${instanceName(config)} is valid: it runs ${program} in ${launch.cwd}`);
}

/** What is to be run; all that the settings name is there. */
async function found(config: Config): Promise<Launch> {
  if (config.adminTokenFile !== undefined) {
    const { Token } = await import('../admin/token.js');
    Token.read(config.adminTokenFile);
  }
  return resolveLaunch(config);
}
