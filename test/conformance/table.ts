import { describe, expect, test } from 'vitest';
import type { Case } from './case.js';
import { AT_ONCE, type Delivery, ONE_BY_ONE, inPieces } from './delivery.js';
import { SEED } from '../kit/random.js';
import { Trial } from './trial.js';

/** Every case, with its bytes delivered in every way. */
export function testTable(topic: string, cases: readonly Case[]): void {
  describe(topic, () => {
    for (const [index, item] of cases.entries()) {
      const deliveries: readonly Delivery[] = [
        AT_ONCE,
        ONE_BY_ONE,
        inPieces(SEED + index),
        inPieces(SEED + index + 7_919),
      ];
      test(item.name, async () => {
        const failures: string[] = [];
        await Promise.all(
          deliveries.map(async (delivery) =>
            Trial.run(item, delivery).catch((error: Error) => failures.push(error.message)),
          ),
        );
        expect(failures.join('\n')).toBe('');
      });
    }
  });
}
