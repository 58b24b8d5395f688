const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Stands where there is nothing to tell. */
export const NONE = '–';

/** `4s`, `12m`, `3h 20m`, `5d 4h`: two units at the most. */
export function age(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(Math.max(0, ms) / SECOND)}s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < DAY) return two(ms, HOUR, 'h', MINUTE, 'm');
  return two(ms, DAY, 'd', HOUR, 'h');
}

function two(ms: number, unit: number, name: string, below: number, belowName: string): string {
  const rest = Math.floor((ms % unit) / below);
  return `${Math.floor(ms / unit)}${name}${rest === 0 ? '' : ` ${rest}${belowName}`}`;
}

/** `0.4 ms`, `12 ms`, `1.2 s`. */
export function latency(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NONE;
  if (ms >= SECOND) return `${rounded(ms / SECOND)} s`;
  return `${rounded(ms)} ms`;
}

/** `64 MB`. */
export function memory(bytes: number): string {
  if (bytes === 0) return NONE;
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${rounded(bytes / 1e9)} GB`;
}

/** `812`, `12,345`, `1.2 M`. */
export function count(number: number): string {
  if (number >= 1e9) return `${rounded(number / 1e9)} G`;
  if (number >= 1e6) return `${rounded(number / 1e6)} M`;
  return Math.round(number).toLocaleString('en-US');
}

/** `0.4`, `12`, `1,204`: per second. */
export const rate = (number: number) => (number < 10 ? String(rounded(number)) : count(number));

export const percent = (share: number) => `${Math.round(share * 100)} %`;

/** `14:02:07`, as the clocks of the one who looks show it. */
export function clock(time: number): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** As {@link clock}, and before today with the day: `29 Nov 14:02:07`. */
export function moment(time: number, now: number): string {
  const date = new Date(time);
  if (date.toDateString() === new Date(now).toDateString()) return clock(time);
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${clock(time)}`;
}

const rounded = (number: number) => (number < 10 ? Math.round(number * 10) / 10 : Math.round(number));
