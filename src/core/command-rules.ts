import type { PublicAddress } from './public-address.js';

/** The settings that decide whether a command can be run. */
interface Settings {
  readonly command?: readonly string[] | undefined;
  readonly script?: string | undefined;
  readonly args: readonly string[];
  readonly port?: number | 'none' | undefined;
  readonly listen: readonly PublicAddress[];
  readonly backend: 'proxy' | 'cluster';
  readonly transport: 'port' | 'unix';
  readonly node?: string | undefined;
  readonly nodeArgs: readonly string[];
  readonly waitReady: boolean;
  readonly hangTimeout: number;
}

/** What a program without an agent can't have, by its name in the configuration: whether it is wanted, and why not. */
const NODE_ONLY: readonly (readonly [keyof Settings, (settings: Settings) => boolean, string])[] = [
  ['backend', ({ backend }) => backend === 'cluster', 'only Node programs can take connections over'],
  ['transport', ({ transport }) => transport === 'unix', 'it listens on the port that it is given'],
  ['node', ({ node }) => node !== undefined, 'the command itself says what runs it'],
  ['nodeArgs', ({ nodeArgs }) => nodeArgs.length > 0, 'options of a node stand in the command itself'],
  ['waitReady', ({ waitReady }) => waitReady, 'only Node programs can call process.send'],
  ['hangTimeout', ({ hangTimeout }) => hangTimeout !== Infinity, 'nobody but a Node program tells of its event loop'],
  ['args', ({ args }) => args.length > 0, 'its arguments stand in the command itself'],
];

/**
 * What is wrong with running a command (a program of any kind, without an agent) in the place of a script.
 *
 * @param nameOf how the reader wrote an option
 */
export function commandMistakes(settings: Settings, nameOf: (key: string) => string): readonly string[] {
  const { command, script, port, listen } = settings;
  if (command === undefined) return [];
  const mistakes = NODE_ONLY.filter(([, isWanted]) => isWanted(settings)).map(
    ([key, , reason]) => `Cannot use ${nameOf(key)} with a command: ${reason}`,
  );
  if (script !== undefined)
    mistakes.unshift(`Cannot run both a script (${script}) and a command (${command.join(' ')}): give one of them`);
  if (typeof port !== 'number' && listen.length === 0)
    mistakes.push(`Cannot run the command ${command[0]} without a public port: give --port N, as in ${EXAMPLE}`);
  return mistakes;
}

const EXAMPLE = 'zdlb --port 8000 -- python3 app.py';
