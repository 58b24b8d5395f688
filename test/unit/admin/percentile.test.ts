import { expect, test } from 'vitest';
import { percentile } from '../../../src/admin/percentile.js';

const BOUNDS = [10, 20, 40];

test('a percentile lies within its bucket, as far as its share of it', () => {
  expect(percentile(BOUNDS, [0, 100, 0, 0], 0.5)).toBe(15);
  expect(percentile(BOUNDS, [50, 50, 0, 0], 0.5)).toBe(10);
  expect(percentile(BOUNDS, [90, 0, 10, 0], 0.99)).toBe(38);
});

test('of what is beyond all bounds only the last one is known', () => {
  expect(percentile(BOUNDS, [0, 0, 0, 5], 0.5)).toBe(40);
});

test('nothing counted has no percentiles', () => {
  expect(percentile(BOUNDS, [0, 0, 0, 0], 0.5)).toBeNull();
  expect(percentile([], [], 0.5)).toBeNull();
});
