import { counted } from '../core/counted.js';
import { GenerationsView } from './generations-view.js';
import { carryOut } from './order.js';

/** `zdlb scale N|+N|-N`: returns when those that join are ready. */
export async function scale(argv: readonly string[]): Promise<number> {
  return carryOut(
    {
      verb: 'scale',
      about: 'Sets or changes the number of workers; returns when those that join are ready.',
      words: 'N|+N|-N',
      count: 1,
      request: ({ words: [workers] }) => ({ method: 'POST', path: '/scale', body: { workers } }),
      follow: (instance, terminal) => new GenerationsView(instance, terminal),
      told: ({ workers }: { workers: number }, { name }) => `${name}: ${counted(workers, 'worker')}`,
    },
    argv,
  );
}
