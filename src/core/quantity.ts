const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
/** The longest timer that Node keeps: 2^31 - 1 ms, almost 25 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Reads a duration (`500ms`, `30s`, `5m`, `1h`, or a bare `0`) as milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d{1,10}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  if (match === null) return undefined;
  const ms = Math.round(Number(match[1]) * MILLISECONDS[match[2] as keyof typeof MILLISECONDS]);
  return ms <= LONGEST_TIMER ? ms : undefined;
}

const BYTES = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 } as const;

/** Reads a size (`512K`, `300M`, `2G`, or bytes without a unit) as bytes; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)([KMG]?)$/.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * BYTES[match[2] as keyof typeof BYTES]);
}

/** Shows milliseconds in the largest unit of which there are two, to a tenth: `850ms`, `1.5s`, `2.5m`, `3h`, `4d`. */
export function formatDuration(ms: number): string {
  const { s, m, h } = MILLISECONDS;
  if (ms < s) return `${Math.round(ms)}ms`;
  if (ms < 2 * m) return `${inTenths(ms / s)}s`;
  if (ms < 2 * h) return `${inTenths(ms / m)}m`;
  return ms < 2 * DAY ? `${inTenths(ms / h)}h` : `${inTenths(ms / DAY)}d`;
}

const DAY = 24 * MILLISECONDS.h;
const inTenths = (number: number) => Math.round(number * 10) / 10;
