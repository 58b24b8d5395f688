import type { Resumed } from '../pause.js';
import { carryOut } from './order.js';

/** `zdlb resume`: ends a pause, and returns when all that waited have been let go. */
export async function resume(argv: readonly string[]): Promise<number> {
  return carryOut(
    {
      verb: 'resume',
      about: 'Ends a pause; returns when all that waited have been let go.',
      words: '[--spread T]',
      values: {
        spread: ['T', 'let those that wait go in the course of this time; 2ms for each, at most 1s, by default'],
      },
      request: (line) => ({ method: 'POST', path: '/resume', body: { spread: line.valueOf('spread') } }),
      told: ({ wasPaused, released }: Resumed, { name }) =>
        wasPaused ? `${name}: resumed, ${released} had waited` : `${name}: was not paused`,
    },
    argv,
  );
}
