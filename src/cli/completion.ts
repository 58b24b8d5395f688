import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { ZdlbError } from '../core/errors.js';
import { say } from './say.js';

const SHELLS = ['bash', 'zsh'] as const;
const USAGE = `zdlb completion bash|zsh

Prints a script that completes verbs, options, their values and the names of instances:
  source <(zdlb completion bash)`;

/** `zdlb completion bash|zsh`: prints the script for that shell, by default for the user's own. */
export async function completion(argv: readonly string[]): Promise<number> {
  const { SHELL: own = '' } = process.env;
  const [shell = own.endsWith('zsh') ? 'zsh' : 'bash', ...rest] = argv;
  if (shell === '--help' || shell === '-h') return say(USAGE);
  if (!SHELLS.some((known) => known === shell) || rest.length > 0)
    throw new ZdlbError(
      'usage',
      `Wanted zdlb completion bash or zsh, met ${['zdlb', 'completion', ...argv].join(' ')}`,
    );
  process.env['SHELL'] = shell; // by which the library chooses
  yargs([], dirname(fileURLToPath(import.meta.url)))
    .scriptName('zdlb')
    .completion(`completion ${shell}`) // for the line on how to install it
    .showCompletionScript();
  return 0;
}
