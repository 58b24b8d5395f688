import { formatDuration } from '../core/quantity.js';
import type { PauseStatus } from '../pause.js';

/** How a pause stands, in a line for people. */
export function pauseInWords({ held, inFlight, lasting, remainingMs }: PauseStatus): string {
  const flight = inFlight === 0 ? 'nothing in flight' : `${inFlight} in flight`;
  const open = lasting === 0 ? '' : `, ${lasting} streams or connections stay open`;
  return `paused, ${flight}${open}, ${held} held, goes on by itself in ${formatDuration(remainingMs)}`;
}
