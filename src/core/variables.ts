import { TEXT, TEXTS, either, value } from './values.js';

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string>>;

/** How they are written: by name in a file, as `NAME=VALUE` on a command line. */
export type WrittenVariables = Readonly<Record<string, string | number | boolean>> | string | readonly string[];

/** A name, and what is to be its value. */
type Entry = readonly [name: string, content: unknown];

/** What a shell takes for a name (POSIX.1-2024, XBD 3.216). */
const NAME = /^[A-Za-z_]\w*$/;
const CONTENTS = ['string', 'number', 'boolean'];

/** Environment variables; of two that have one name, the last holds. */
export const variables = () =>
  value<Variables, WrittenVariables>(
    'variables as {"NAME": "value"}, or NAME=value',
    variablesIn,
    either(
      { type: 'object', propertyNames: { pattern: NAME.source }, additionalProperties: { type: CONTENTS } },
      TEXT,
      TEXTS,
    ),
    firstMistakeIn,
  );

function variablesIn(raw: unknown): Variables | undefined {
  const entries = entriesIn(raw);
  if (entries?.every(isVariable) !== true) return undefined;
  return Object.fromEntries(entries.map(([name, content]) => [name, String(content)]));
}

function entriesIn(raw: unknown): readonly Entry[] | undefined {
  if (typeof raw === 'string' || Array.isArray(raw)) return [raw].flat().map(entryIn);
  return typeof raw === 'object' && raw !== null ? Object.entries(raw) : undefined;
}

function entryIn(line: unknown): Entry {
  if (typeof line !== 'string') return [kindOf(line), undefined];
  const [, name = line, content] = /^([^=]*)=([^]*)$/.exec(line) ?? [];
  return [name, content];
}

/** The system ends a value at a NUL. */
const isVariable = ([name, content]: Entry) =>
  NAME.test(name) && CONTENTS.includes(typeof content) && !String(content).includes('\0');

/** Its name and the kind of its value: the value itself may be a secret, and this goes to the log. */
function firstMistakeIn(raw: unknown): string {
  const [name, content] = entriesIn(raw)?.find((entry) => !isVariable(entry)) ?? [String(raw), undefined];
  return JSON.stringify(name) + (content === undefined ? '' : ` with a value (${kindOf(content)})`);
}

const kindOf = (content: unknown): string => (content === null ? 'null' : typeof content);
