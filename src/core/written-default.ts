import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';

/** What stands in a file for a default: `30s` for 30,000 ms, `64K`, `off`. */
export type WrittenDefault = string | number | boolean | readonly string[];

/**
 * The default of an option as it would be written: of the ways in which its value could have been, the first that is read back as that
 * value.
 *
 * @returns undefined, when nothing holds without the option
 */
export function writtenDefault(field: z.ZodType): WrittenDefault | undefined {
  const value: unknown = field.parse(undefined);
  return waysToWrite(value).find((written) => isDeepStrictEqual(field.safeParse(written).data, value));
}

function waysToWrite(value: unknown): readonly WrittenDefault[] {
  if (typeof value === 'boolean' || typeof value === 'string') return [value];
  if (typeof value === 'object') return [[]];
  if (typeof value !== 'number') return [];
  return value === Infinity ? ['off'] : [duration(value), size(value), value, value.toString(8)];
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

function duration(ms: number): string | number {
  if (ms === 0) return 0;
  if (ms % HOUR === 0) return `${ms / HOUR}h`;
  if (ms % MINUTE === 0 && ms > MINUTE) return `${ms / MINUTE}m`;
  return ms % SECOND === 0 ? `${ms / SECOND}s` : `${ms}ms`;
}

const KIB = 2 ** 10;
const MIB = 2 ** 20;

function size(bytes: number): string | number {
  if (bytes === 0 || bytes % KIB !== 0) return bytes;
  return bytes % MIB === 0 ? `${bytes / MIB}M` : `${bytes / KIB}K`;
}
