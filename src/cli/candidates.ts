import { instanceFolder } from '../control/instance-folder.js';
import { runningInstances } from '../control/instances.js';
import { jsonSchema, options } from '../core/config.js';
import { flagOf } from './options.js';

/** The verbs whose options are those of `run`, up to what is to be run. */
const LIKE_RUN: ReadonlySet<string> = new Set(['run', 'start', 'check', 'init']);
/** The words with which the line of a verb can begin. */
const FIRST_WORDS: Readonly<Record<string, readonly string[]>> = {
  completion: ['bash', 'zsh'],
  init: ['systemd'],
};
const MIGRATE_OPTIONS = ['--only', '--env', '--help'];
const UNIT_OPTIONS = ['--service', '--socket', '--output'];
const NAMES: ReadonlySet<string> = new Set(['--name', '-n']);

/** What a shape of a value in the configuration file may be. */
interface Shape {
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly anyOf?: readonly Shape[];
}

/**
 * What may stand in the place of the last word of a command line; nothing where a file may. A verb, where it may be one of its options:
 * those that talk to an instance know their own.
 *
 * @param words of the line, without `zdlb`; the last one is under way
 */
export async function candidatesFor(
  words: readonly string[],
  verbs: readonly string[],
): Promise<readonly string[] | string> {
  const [first, ...rest] = words;
  const current = words.at(-1) ?? '';
  if (rest.length === 0 && !current.startsWith('-')) return [...verbs, 'help'];
  if (first === 'help') return verbs;
  const verb = first !== undefined && verbs.includes(first) ? first : 'run';
  const before = (verb === first ? rest : words).slice(0, -1);
  const begins = FIRST_WORDS[verb];
  if (begins !== undefined && before.length === 0) return begins;
  if (LIKE_RUN.has(verb)) return runCandidates(verb === 'init' ? before.slice(1) : before, current, verb);
  if (verb === 'migrate') return current.startsWith('-') ? MIGRATE_OPTIONS : [];
  if (begins !== undefined) return [];
  if (NAMES.has(before.at(-1) ?? '')) return names();
  return current.startsWith('-') ? verb : [];
}

/** Of running instances. */
async function names(): Promise<readonly string[]> {
  return (await runningInstances(instanceFolder(process.env).path)).map(({ name }) => name);
}

function runCandidates(before: readonly string[], current: string, verb: string): readonly string[] {
  let wanting: string | undefined;
  for (const word of before) {
    if (wanting !== undefined) wanting = undefined;
    else if (!word.startsWith('-') || word === '--')
      return []; // what is run has its own options
    else wanting = word.includes('=') ? undefined : keyWithValue(word);
  }
  if (wanting !== undefined) return valuesOf(wanting);
  if (!current.startsWith('-')) return [];
  const own = [...options.keys(), 'config', 'help', 'version'].map(flagOf);
  return verb === 'init' ? [...UNIT_OPTIONS, ...own] : own;
}

/** The option that takes a value, by the word for it; undefined for a switch. */
function keyWithValue(word: string): string | undefined {
  if (word === '--config' || word === '--output') return word;
  const [key, meta] =
    [...options].find(([name, { alias }]) => word === flagOf(name) || (alias !== undefined && word === `-${alias}`)) ??
    [];
  return meta?.argument === undefined ? undefined : key;
}

function valuesOf(key: string): readonly string[] {
  const { properties } = jsonSchema() as { readonly properties: Readonly<Record<string, Shape>> };
  return wordsOf(properties[key] ?? {});
}

function wordsOf({ enum: words = [], const: word, anyOf = [] }: Shape): readonly string[] {
  const own = typeof word === 'string' ? [word] : [];
  return [...words, ...own, ...anyOf.flatMap(wordsOf)];
}
