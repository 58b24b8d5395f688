import { expect, test } from 'vitest';
import { dueOf } from '../../../src/core/spread.cjs';

test('all are due with the last part', () => {
  expect(dueOf(7, 0, 0)).toBe(7);
});

test('each part gets its share of what is left', () => {
  let left = 100;
  const shares = Array.from({ length: 10 }, (_, at) => {
    const due = dueOf(left, 9 - at, 0);
    left -= due;
    return due;
  });
  expect(shares).toEqual(Array.from({ length: 10 }, () => 10));
});

test('a fraction is due by chance', () => {
  expect([dueOf(1, 3, 0), dueOf(1, 3, 0.74), dueOf(1, 3, 0.76)]).toEqual([0, 0, 1]);
});
