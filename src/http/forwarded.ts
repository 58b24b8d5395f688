import { equalsIgnoringCase } from './characters.js';
import type { Fields } from './fields.js';

/** The fields by which a proxy tells who asked, and how (no standard; as nginx, HAProxy and all frameworks understand them). */
export type ForwardedName = 'x-forwarded-for' | 'x-forwarded-proto' | 'x-forwarded-host' | 'x-forwarded-port';

const NAMES: readonly (readonly [name: ForwardedName, bytes: Uint8Array])[] = (
  ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port'] as const
).map((name) => [name, Buffer.from(name)]);

const UNDERSCORE = 0x5f;

/**
 * Takes the X-Forwarded-* fields out of a head, also those that differ from them only by underscores, which some frameworks
 * can't tell apart; gives the values of the proper ones, a repeated one's joined to a list (RFC 9110 5.3).
 */
export function takeForwarded(fields: Fields, bytes: Buffer): ReadonlyMap<ForwardedName, string> {
  const taken = new Map<ForwardedName, string>();
  for (let i = 0; i < fields.count; i++) {
    const start = fields.nameStart[i]!;
    const end = fields.nameEnd[i]!;
    const name = nameOf(bytes, start, end);
    if (name === undefined) continue;
    fields.dropped[i] = 1;
    if (bytes.subarray(start, end).includes(UNDERSCORE)) continue;
    const value = bytes.toString('latin1', fields.valueStart[i], fields.valueEnd[i]);
    const before = taken.get(name);
    if (value !== '') taken.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return taken;
}

function nameOf(bytes: Buffer, start: number, end: number): ForwardedName | undefined {
  for (const [name, wanted] of NAMES) {
    if (end - start !== wanted.length) continue;
    const hyphenated = Buffer.from(bytes.toString('latin1', start, end).replaceAll('_', '-'), 'latin1');
    if (equalsIgnoringCase(hyphenated, 0, hyphenated.length, wanted)) return name;
  }
  return undefined;
}
