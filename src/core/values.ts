import { constants } from 'node:os';
import { inspect } from 'node:util';
import { z } from 'zod';
import { parseDuration, parseSize } from './quantity.js';

/** The kinds of value that an option may have, each as a schema that says what it met and what it wanted. */

/** What a value looks like in a file, as JSON Schema: for editors, which complete and underline by it. */
export type JsonShape = Readonly<Record<string, unknown>>;

/** The shapes of all values. */
export const shapes = z.registry<{ readonly shape: JsonShape }>();

/** What durations and sizes look like where settings are written in TypeScript. */
export type WrittenDuration = `${number}${'ms' | 's' | 'm' | 'h'}` | 0;
export type WrittenSize = `${number}${'K' | 'M' | 'G'}` | number;

/** What is not a text, a number or a list of texts itself is written as a text. */
type Written<T> = T extends string | number | boolean | readonly string[] ? T : string;

/**
 * A value that `parse` understands; `wanted` ends the sentence "met X, wanted …" when it does not.
 *
 * `W` is the type of what is written, where it differs from what becomes of it. Only the compiler of who writes settings in TypeScript
 * goes by it: what comes may be anything.
 *
 * @param shape of what is written in a file
 * @param met what is told of a value that is not understood
 */
export function value<T, W = Written<T>>(
  wanted: string,
  parse: (raw: unknown) => T | undefined,
  shape: JsonShape,
  met: (raw: unknown) => string = shown,
) {
  const schema = (z.unknown() as unknown as z.ZodType<unknown, W>).transform((raw, context): T => {
    const parsed = parse(raw);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: `met ${met(raw)}, wanted ${wanted}` });
    return z.NEVER;
  });
  return schema.register(shapes, { shape });
}

/** As JSON, as it stands in a file; what only code can give, as Node shows it. */
function shown(raw: unknown): string {
  try {
    return JSON.stringify(raw) ?? inspect(raw);
  } catch {
    return inspect(raw, { depth: 0 }); // a BigInt, or what has itself inside
  }
}

/** One of several shapes. */
export const either = (...anyOf: readonly JsonShape[]): JsonShape => ({ anyOf });

export const TEXT: JsonShape = { type: 'string', minLength: 1 };
export const TEXTS: JsonShape = { type: 'array', items: { type: 'string' } };
const DURATIONS = either({ type: 'string', pattern: String.raw`^\d+(\.\d+)?(ms|s|m|h)$` }, { const: 0 });
export const SIZES = either(
  { type: 'string', pattern: String.raw`^\d+(\.\d+)?[KMG]?$` },
  { type: 'integer', minimum: 0 },
);
const OFF: JsonShape = { const: 'off' };

/** A whole number within bounds. */
export const wholeNumber = (least: number, most: number) =>
  value(`a whole number from ${least} to ${most}`, (raw) => integer(raw, least, most), numbers(least, most));

/** The same, or a word. */
export const numberOr = <const W extends string>(least: number, most: number, word: W) =>
  value(
    `a whole number from ${least} to ${most}, or ${word}`,
    (raw) => (raw === word ? word : integer(raw, least, most)),
    either(numbers(least, most), { const: word }),
  );

const numbers = (minimum: number, maximum: number): JsonShape => ({ type: 'integer', minimum, maximum });

export function integer(raw: unknown, least: number, most: number): number | undefined {
  if ((typeof raw !== 'string' && typeof raw !== 'number') || !/^\d{1,15}$/.test(String(raw))) return undefined;
  const number = Number(raw);
  return number >= least && number <= most ? number : undefined;
}

export const text = (wanted: string) =>
  value(wanted, (raw) => (typeof raw === 'string' && raw !== '' ? raw : undefined), TEXT);

export function texts(raw: unknown): readonly string[] | undefined {
  return Array.isArray(raw) && raw.every((item) => typeof item === 'string') ? raw : undefined;
}

const DURATION = 'a duration such as 500ms, 30s, 5m or 1h';

/** @param least milliseconds */
function milliseconds(raw: unknown, least: number): number | undefined {
  const ms = typeof raw === 'string' || raw === 0 ? parseDuration(String(raw)) : undefined;
  return ms !== undefined && ms >= least ? ms : undefined;
}

export const duration = () => value<number, WrittenDuration>(DURATION, (raw) => milliseconds(raw, 0), DURATIONS);

export const positiveDuration = () =>
  value<number, WrittenDuration>(DURATION, (raw) => milliseconds(raw, 1), DURATIONS);

/** A quantity that may also be `off`, which is Infinity. */
export const orOff = <W = number>(wanted: string, parse: (raw: unknown) => number | undefined, shape: JsonShape) =>
  value<number, W | 'off'>(`${wanted}, or off`, (raw) => (raw === 'off' ? Infinity : parse(raw)), either(shape, OFF));

export const numberOrOff = (least: number, most: number) =>
  orOff(`a whole number from ${least} to ${most}`, (raw) => integer(raw, least, most), numbers(least, most));

export const durationOrOff = () => orOff<WrittenDuration>(DURATION, (raw) => milliseconds(raw, 1), DURATIONS);

/** A share of something. */
export const share = () =>
  value('a share from 0 to 1 such as 0.01', (raw) => shareIn(raw), { type: 'number', minimum: 0, maximum: 1 });

function shareIn(raw: unknown): number | undefined {
  if ((typeof raw !== 'string' && typeof raw !== 'number') || !/^(?:0|1|[01]?\.\d{1,9})$/.test(String(raw)))
    return undefined;
  const number = Number(raw);
  return number <= 1 ? number : undefined;
}

/** Bytes, within bounds that the buffers of the data path are made for. */
export function bytes(raw: unknown, least: number, most: number): number | undefined {
  const size = typeof raw === 'string' || typeof raw === 'number' ? parseSize(String(raw)) : undefined;
  return size !== undefined && size >= least && size <= most ? size : undefined;
}

export const size = (range: string, least: number, most: number) =>
  value<number, WrittenSize>(`a size from ${range}, such as 16K`, (raw) => bytes(raw, least, most), SIZES);

export const flag = () => value('true or false', truth, { type: 'boolean' });

function truth(raw: unknown): boolean | undefined {
  if (raw === true || raw === 'true') return true;
  return raw === false || raw === 'false' ? false : undefined;
}

export const oneOf = <const T extends string>(...values: readonly T[]) =>
  value(values.join(', ').replace(/, ([^,]*)$/, ' or $1'), (raw) => values.find((candidate) => candidate === raw), {
    enum: values,
  });

export const signal = () =>
  value(
    'the name of a signal such as SIGTERM',
    (raw) => (typeof raw === 'string' && Object.hasOwn(constants.signals, raw) ? (raw as NodeJS.Signals) : undefined),
    { enum: Object.keys(constants.signals) },
  );

/** Shell words without expansions: blanks separate, quotes group. */
export function words(raw: string): readonly string[] {
  const found = raw.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return found.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
}
