import { formatDuration } from '../core/quantity.js';
import type { PauseStatus } from '../pause.js';
import { carryOut } from './order.js';

/** `zdlb pause`: has new requests wait, and returns when no worker works on any; it ends by itself. */
export async function pause(argv: readonly string[]): Promise<number> {
  return carryOut(
    {
      verb: 'pause',
      about:
        'Has new requests wait, and returns when no worker works on any. What waits is let go by zdlb resume, or when the time is up.',
      words: '[--timeout T]',
      values: { timeout: ['T', 'go on by itself after this long; 30s, or what --hold-timeout says, by default'] },
      request: (line) => ({ method: 'POST', path: '/pause', body: { timeout: line.valueOf('timeout') } }),
      told: (paused: PauseStatus, { name }) => `${name}: ${inWords(paused)}`,
    },
    argv,
  );
}

/** One line for people. */
export function inWords({ held, inFlight, lasting, remainingMs }: PauseStatus): string {
  const flight = inFlight === 0 ? 'nothing in flight' : `${inFlight} in flight`;
  const open = lasting === 0 ? '' : `, ${lasting} streams or connections stay open`;
  return `paused, ${flight}${open}, ${held} held, goes on by itself in ${formatDuration(remainingMs)}`;
}
