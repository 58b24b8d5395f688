import type { PauseStatus } from '../pause.js';
import { GenerationsView } from './generations-view.js';
import { carryOut } from './order.js';
import { pauseInWords } from './pause-words.js';

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
      follow: (instance, terminal) => new GenerationsView(instance, terminal),
      told: (paused: PauseStatus, { name }) => `${name}: ${pauseInWords(paused)}`,
    },
    argv,
  );
}
