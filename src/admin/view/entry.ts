const ERROR = 50;
const WARN = 40;

/** An entry of the log, as far as the page knows it. */
export interface Entry {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: number;
  readonly event: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Reads a line of the log; undefined when it is no entry. */
export function parseEntry(line: string): Entry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<Entry> | null;
    if (typeof entry?.time !== 'number' || typeof entry.event !== 'string') return undefined;
    return { ...entry, time: entry.time, event: entry.event, level: Number(entry.level), msg: entry.msg ?? '' };
  } catch {
    return undefined;
  }
}

export type Weight = 'error' | 'warn' | 'info';

export const weightOf = ({ level }: Entry): Weight => (level >= ERROR ? 'error' : level >= WARN ? 'warn' : 'info');

/** The number in a field; undefined for anything else. */
export function numberIn(entry: Entry, field: string): number | undefined {
  const value = entry[field];
  return typeof value === 'number' ? value : undefined;
}

/** The last lines of the worker that failed, where an entry has them. */
export function lastLinesIn({ lastLines }: Entry): readonly string[] {
  return Array.isArray(lastLines) ? lastLines.map(String) : [];
}
