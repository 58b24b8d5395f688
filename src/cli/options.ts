import { type Config, type ConfigInput, byDefault, options, parseConfig } from '../core/config.js';
import { type PassedAddress, impliedAddresses } from '../core/passed-address.js';
import { writtenAddress } from '../core/public-address.js';
import { ZdlbError } from '../core/errors.js';
import { unknownOption } from '../core/suggestion.js';
import { type FileContent, readConfigFile } from './config-file.js';
import { dashed, described, optionParser, parsed } from './option-parser.js';
import { USAGE } from './usage.js';
import { version } from '../version.js';

/** What the command line asks for: a text to print, or settings to run with. */
export type CommandLine = { readonly print: string } | Given;

interface Given {
  readonly argv: ConfigInput;
  readonly configFile?: string;
  /** Of options that there are not; told together with the bad values of those that there are. */
  readonly mistakes: readonly string[];
}

const kebab = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const camel = (flag: string) => flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
/** An option as it stands on the command line. */
export const flagOf = (key: string) => `--${kebab(key)}`;
const variable = (key: string) => `ZDLB_${kebab(key).replaceAll('-', '_').toUpperCase()}`;

/** The environment variables that set options; they are zdlb's own and not passed on to workers. */
export const variables: ReadonlyMap<string, string> = new Map(
  [...options.keys(), 'config'].map((key) => [variable(key), key]),
);

/**
 * Reads the command line: options up to the script, and everything behind it as the script's own.
 *
 * @param usage what stands above the options where help is asked for
 * @throws {ZdlbError} `usage`
 */
export function parseCommandLine(argv: readonly string[], usage: string = USAGE): CommandLine {
  const parser = commandLineParser();
  const { _: words, config, help, version: wantsVersion, ...rest } = parsed(parser, joinNodeArgs(argv));
  if (wantsVersion === true) return { print: version };
  // Put together here: the parser would take the indents away.
  if (help === true) return { print: `${usage}\n\n${described(parser)}` };
  const [script, ...args] = argv.slice(argv.length - (words as readonly unknown[]).length);
  const { settings, mistakes } = settingsOf(rest);
  return {
    argv: { ...settings, ...(script === undefined ? {} : whatToRun(argv, script, args)) },
    mistakes,
    ...(config === undefined ? {} : { configFile: pathOf(config) }),
  };
}

/** The parser swallows the `--` that tells a command of any kind from a script. */
function whatToRun(argv: readonly string[], first: string, args: readonly string[]): ConfigInput {
  return argv.at(-args.length - 2) === '--' ? { command: [first, ...args] } : { script: first, args };
}

/**
 * The settings in force: command line over environment over file over defaults.
 *
 * @param passed sockets that a service manager has opened: they are the public addresses where nothing else is said
 * @throws {ZdlbError} `usage` or `config`, naming every mistake and where it stands
 */
export function readConfig(
  commandLine: Exclude<CommandLine, { print: string }>,
  env: NodeJS.ProcessEnv,
  passed: readonly PassedAddress[] = [],
): Config {
  const fromEnv = environmentSettings(env);
  const file = commandLine.configFile ?? env['ZDLB_CONFIG'];
  const { settings: fromFile, mistakes: inFile } = file === undefined ? NO_FILE : readConfigFile(file);
  const nameOf = (key: string) => {
    if (Object.hasOwn(commandLine.argv, key)) return flagOf(key);
    if (Object.hasOwn(fromEnv, key)) return variable(key);
    if (key === 'listen' && !Object.hasOwn(fromFile, key) && passed.length > 0) return 'LISTEN_FDS';
    return file === undefined ? flagOf(key) : `${key} in ${file}`;
  };
  const given = { ...withoutRivals(fromFile, commandLine.argv), ...fromEnv, ...commandLine.argv };
  const code = file === undefined || commandLine.mistakes.length > 0 ? 'usage' : 'config';
  const config = withMistakes([...commandLine.mistakes, ...inFile], code, () =>
    parseConfig({ ...given, ...impliedListen(given, passed) }, code, nameOf),
  );
  if (config.script === undefined && config.command === undefined) throw new ZdlbError('usage', NOTHING_TO_RUN);
  return { ...config, listen: [...config.listen, ...impliedAddresses(passed, config)] };
}

const NO_FILE: FileContent = { settings: {}, mistakes: [] };

/** @throws {ZdlbError} when there are mistakes, with what `read` throws behind them */
function withMistakes(mistakes: readonly string[], code: 'usage' | 'config', read: () => Config): Config {
  if (mistakes.length === 0) return read();
  throw new ZdlbError(code, [...mistakes, ...complaints(read)].join('\n'));
}

function complaints(read: () => Config): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ZdlbError) return [error.message];
    throw error;
  }
}

/** Where nobody says where clients come in, the passed sockets do: as `--listen`, which is enough for a command, too. */
function impliedListen(given: ConfigInput, passed: readonly PassedAddress[]): ConfigInput {
  if (given['port'] !== undefined || given['listen'] !== undefined) return {};
  const addresses = impliedAddresses(passed, { listen: [] });
  return addresses.length === 0 ? {} : { listen: addresses.map(writtenAddress) };
}

const NOTHING_TO_RUN =
  'Nothing to run: give the script, as in zdlb --port 8000 server.js, or a command, as in zdlb --port 8000 -- python3 app.py';

/** What the command line says is to run stands in the place of what the file says. */
function withoutRivals(fromFile: ConfigInput, argv: ConfigInput): ConfigInput {
  if (argv['script'] === undefined && argv['command'] === undefined) return fromFile;
  const { script: _script, args: _args, command: _command, ...rest } = fromFile;
  return rest;
}

/** Options that take no value. */
const SWITCHES: ReadonlySet<string> = new Set([
  '--help',
  '-h',
  '--version',
  '-v',
  ...[...options].filter(([, { argument }]) => argument === undefined).map(([key]) => flagOf(key)),
]);

/** The value of --node-args begins with a hyphen itself, which would make it another option. */
function joinNodeArgs(argv: readonly string[]): readonly string[] {
  const joined: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    // The script, or the end of the options: the rest is the script's own.
    if (!word.startsWith('-') || word === '--') return [...joined, ...argv.slice(at)];
    const value = argv[at + 1];
    const isWhole = word.includes('=') || SWITCHES.has(word) || /^-\w./.test(word) || value === undefined;
    if (isWhole) joined.push(word);
    else if (word === '--node-args') joined.push(`${word}=${value}`);
    else joined.push(word, value);
    if (!isWhole) at++;
  }
  return joined;
}

function commandLineParser() {
  const parser = optionParser({ 'halt-at-non-option': true })
    .option('config', {
      type: 'string',
      requiresArg: true,
      description: 'JSON file with these options in camelCase; comments are allowed',
    })
    .option('help', { alias: 'h', type: 'boolean', description: 'show this text' })
    .option('version', { alias: 'v', type: 'boolean', description: 'show the version' });
  for (const [key, { alias, argument, description }] of options) {
    const text = `${description} [default: ${byDefault(key)}]`;
    parser.option(kebab(key), {
      ...(argument === undefined ? { type: 'boolean' } : { type: 'string', requiresArg: true }),
      description: argument === undefined ? text : `${argument}: ${text}`,
      ...(alias === undefined ? {} : { alias }),
    });
  }
  return parser;
}

function settingsOf(told: Readonly<Record<string, unknown>>): Pick<Given, 'mistakes'> & { settings: ConfigInput } {
  const settings: Record<string, unknown> = {};
  const mistakes: string[] = [];
  for (const [flag, value] of Object.entries(told)) {
    if (value === undefined) continue;
    const key = camel(flag);
    if (options.has(key) && flag === kebab(key)) settings[key] = value;
    else mistakes.push(unknownOption(dashed(flag), key, [...options.keys()], flagOf));
  }
  return { settings, mistakes };
}

/** The settings that stand in the environment. */
export function environmentSettings(env: NodeJS.ProcessEnv): ConfigInput {
  const settings: Record<string, unknown> = {};
  for (const [name, key] of variables) if (key !== 'config' && env[name] !== undefined) settings[key] = env[name];
  return settings;
}

function pathOf(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new ZdlbError('usage', `Bad value for --config: met ${JSON.stringify(value)}, wanted one path`);
}
