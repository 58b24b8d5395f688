import { formatDuration } from '../core/quantity.js';

/**
 * What makes a starting worker ready:
 *
 * - `ports`: it has opened all of these public ports
 * - `listening`: it has opened any public port
 * - `accepting`: it accepts connections at its private port (a command)
 * - `running`: it has run for this long (a program that never listens)
 */
export type Readiness =
  | { readonly kind: 'ports'; readonly ports: readonly number[] }
  | { readonly kind: 'listening' }
  | { readonly kind: 'accepting' }
  | { readonly kind: 'running'; readonly ms: number };

/** What can be said of a worker: the public ports that it has opened. */
type Opened = ReadonlyMap<number, unknown>;

export function isMet(readiness: Readiness, opened: Opened): boolean {
  switch (readiness.kind) {
    case 'ports':
      return readiness.ports.every((port) => opened.has(port));
    case 'listening':
    case 'accepting':
      return opened.size > 0;
    case 'running':
      return false; // time alone will tell
    default:
      return readiness satisfies never;
  }
}

/** The rest of the sentence "Worker 2 was not ready within 60s: …". */
export function whatIsMissing(readiness: Readiness, opened: Opened): string {
  switch (readiness.kind) {
    case 'ports': {
      const missing = readiness.ports.filter((port) => !opened.has(port));
      return `it has not opened port ${missing.join(', ')}${opened.size === 0 ? '' : `, but ${[...opened.keys()].join(', ')}`}`;
    }
    case 'listening':
      return 'it has not listened on any port';
    case 'accepting':
      return 'it accepts no connections at 127.0.0.1 on the port in PORT';
    case 'running':
      return `it had to run for ${formatDuration(readiness.ms)} first`;
    default:
      return readiness satisfies never;
  }
}
