import { formatDuration } from '../core/quantity.js';
import type { Reloaded } from '../supervisor/reload-log.js';
import { GenerationsView } from './generations-view.js';
import { carryOut } from './order.js';

/** `zdlb reload`: returns when the new code has taken over, or says why it has not. */
export async function reload(argv: readonly string[]): Promise<number> {
  return carryOut(
    {
      verb: 'reload',
      about:
        'Starts new code beside the old and lets it take over when all of it is ready. Where that fails, the old code serves on, and the exit code is 1.',
      words: '[--wait-retired]',
      switches: { 'wait-retired': 'return only when the former workers are gone' },
      request: (line) => ({
        method: 'POST',
        path: '/reload',
        body: { wait: line.has('wait-retired') ? 'retired' : 'swapped' },
      }),
      follow: (instance, terminal) => new GenerationsView(instance, terminal),
      told: ({ generation, durationMs, watchMs }: Reloaded, { name }) =>
        `${name}: generation ${generation} has taken over after ${formatDuration(durationMs)}${watchMs === undefined ? '' : warm(watchMs)}`,
    },
    argv,
  );
}

const warm = (ms: number) =>
  `, and the former one is kept warm for ${formatDuration(ms)}: it takes over again if the new one errs, or with zdlb rollback`;
