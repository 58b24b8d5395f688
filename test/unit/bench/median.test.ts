import { expect, test } from 'vitest';
import { median, percentile } from '../../../bench/median.js';

test('median is the middle of an odd number and the mean of the middle two of an even one', () => {
  expect(median([30, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 100])).toBe(3.5);
  expect(median([7])).toBe(7);
});

test('percentile is a value that was met', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(hundred, 0.5)).toBe(51);
  expect(percentile(hundred, 0.99)).toBe(100);
  expect(percentile([5], 0.99)).toBe(5);
});
