import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { ZdlbError } from '../core/errors.js';

/** What a verb takes beside `--name` and `--json`. */
export interface Grammar {
  readonly verb: string;
  /** What stands behind it, for the usage line. */
  readonly words?: string;
  /** How many words that are. */
  readonly count?: number;
  /** Options without a value, by their names, with what they mean. */
  readonly switches?: Readonly<Record<string, string>>;
  /** Short names of these. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** A command line that talks to a running instance. */
export interface VerbLine {
  /** Which instance; absent: the only one. */
  readonly name: string | undefined;
  readonly isForMachines: boolean;
  readonly words: readonly string[];
  has(switchName: string): boolean;
}

/**
 * Reads what stands behind a verb; a text to print instead, when help was asked for.
 *
 * @throws {ZdlbError} `usage`
 */
export function parseVerb(
  argv: readonly string[],
  { verb, words = '', count = 0, switches = {}, aliases = {} }: Grammar,
): VerbLine | string {
  const parser = yargs([], dirname(fileURLToPath(import.meta.url)))
    .scriptName('zdlb')
    .usage(`zdlb ${verb} ${words}`.trimEnd())
    .parserConfiguration({ 'parse-numbers': false, 'parse-positional-numbers': false, 'boolean-negation': false })
    .help(false)
    .version(false)
    .exitProcess(false)
    .strictOptions()
    .fail((message) => {
      throw new ZdlbError('usage', message);
    })
    .option('name', { alias: 'n', type: 'string', requiresArg: true, description: 'which instance, where several run' })
    .option('json', { type: 'boolean', description: 'for machines' })
    .option('help', { alias: 'h', type: 'boolean', description: 'show this text' });
  for (const [key, description] of Object.entries(switches))
    parser.option(key, { type: 'boolean', description, ...(aliases[key] !== undefined && { alias: aliases[key] }) });
  const { _: given, ...options } = parser.parseSync([...argv]);
  if (options.help === true) return helpOf(parser);
  if (given.length !== count)
    throw new ZdlbError(
      'usage',
      `Wanted zdlb ${verb} ${words}`.trimEnd() + `, met ${['zdlb', verb, ...argv].join(' ')}`,
    );
  return {
    name: options.name,
    isForMachines: options.json === true,
    words: given.map(String),
    has: (name) => (options as Readonly<Record<string, unknown>>)[name] === true,
  };
}

function helpOf(parser: { showHelp(print: (text: string) => void): unknown }): string {
  let help = '';
  parser.showHelp((text) => (help = text));
  return help;
}
