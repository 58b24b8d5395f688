import { ZdlbError } from '../core/errors.js';
import { unknownOption } from '../core/suggestion.js';
import { COMPLETE } from './complete.js';
import { dashed, described, optionParser, parsed } from './option-parser.js';

/** What a verb takes beside `--name` and `--json`. */
export interface Grammar {
  readonly verb: string;
  /** What it does, in a sentence. */
  readonly about: string;
  /** What stands behind it, for the usage line. */
  readonly words?: string;
  /** How many words that are. */
  readonly count?: number;
  /** Options without a value, by their names, with what they mean. */
  readonly switches?: Readonly<Record<string, string>>;
  /** Options with a value, by their names: what stands for the value, and what it means. */
  readonly values?: Readonly<Record<string, readonly [argument: string, description: string]>>;
  /** Short names of all these. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** A command line that talks to a running instance. */
export interface VerbLine {
  /** Which instance, by `--name` or else `ZDLB_NAME`; absent: the only one. */
  readonly name: string | undefined;
  readonly isForMachines: boolean;
  readonly words: readonly string[];
  has(switchName: string): boolean;
  /** What was given for an option with a value. */
  valueOf(name: string): string | undefined;
}

/**
 * Reads what stands behind a verb; a text to print instead, when help was asked for.
 *
 * @throws {ZdlbError} `usage`
 */
export function parseVerb(argv: readonly string[], grammar: Grammar): VerbLine | string {
  const { verb, words = '', count = 0 } = grammar;
  if (argv[0] === COMPLETE)
    return optionNames(grammar)
      .map((name) => `--${name}`)
      .join('\n');
  const parser = parserOf(grammar);
  const told = parsed(parser, argv) as Parsed;
  const { _: given } = told;
  if (told['help'] === true) return described(parser);
  assertKnown(told, grammar);
  if (given.length !== count) {
    const met = ['zdlb', verb, ...argv].join(' ');
    const advice = given.length > count ? ': say which instance with --name' : '';
    throw new ZdlbError('usage', `Wanted ${`zdlb ${verb} ${words}`.trimEnd()}, met ${met}${advice}`);
  }
  return {
    name: textOf(told, 'name') ?? (process.env['ZDLB_NAME'] || undefined),
    isForMachines: told['json'] === true,
    words: given.map(String),
    has: (name) => told[name] === true,
    valueOf: (name) => textOf(told, name),
  };
}

const optionNames = ({ switches = {}, values = {} }: Grammar) => [
  'name',
  'json',
  'help',
  ...Object.keys(switches),
  ...Object.keys(values),
];

/** @throws {ZdlbError} `usage`, naming all options that there are not */
function assertKnown({ _: _words, ...told }: Parsed, grammar: Grammar): void {
  const known = optionNames(grammar);
  const strange = Object.keys(told).filter((key) => !known.includes(key));
  if (strange.length === 0) return;
  const mistakes = strange.map((key) => unknownOption(dashed(key), key, known, (name) => `--${name}`));
  throw new ZdlbError('usage', mistakes.join('\n'));
}

interface Parsed {
  readonly _: readonly (string | number)[];
  readonly [option: string]: unknown;
}

function parserOf({ verb, about, words = '', switches = {}, values = {}, aliases = {} }: Grammar) {
  const parser = optionParser()
    .usage(`${`zdlb ${verb} ${words}`.trimEnd()}\n\n${about}`)
    .option('name', { alias: 'n', type: 'string', requiresArg: true, description: 'which instance, where several run' })
    .option('json', { type: 'boolean', description: 'for machines' })
    .option('help', { alias: 'h', type: 'boolean', description: 'show this text' });
  for (const [key, description] of Object.entries(switches))
    parser.option(key, { type: 'boolean', description, ...(aliases[key] !== undefined && { alias: aliases[key] }) });
  for (const [key, [argument, description]] of Object.entries(values))
    parser.option(key, { type: 'string', requiresArg: true, description: `${argument}: ${description}` });
  return parser;
}

/** An option that is given twice has two values. */
function textOf(told: Parsed, key: string): string | undefined {
  const value = told[key];
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw new ZdlbError('usage', `Bad value for --${key}: met ${JSON.stringify(value)}, wanted one`);
}
