import { GenerationsView } from './generations-view.js';
import { carryOut } from './order.js';

/** `zdlb rollback`: goes back to the former generation, while a watch window keeps it warm. */
export async function rollback(argv: readonly string[]): Promise<number> {
  return carryOut(
    {
      verb: 'rollback',
      about: 'Goes back to the former code, while a watch window keeps it warm.',
      request: () => ({ method: 'POST', path: '/rollback' }),
      follow: (instance, terminal) => new GenerationsView(instance, terminal),
      told: ({ generation }: { generation: number }, { name }) => `${name}: generation ${generation} serves again`,
    },
    argv,
  );
}
