import { expect, test } from 'vitest';
import { Backoff } from '../../../src/supervisor/backoff.js';

test('the first successor starts at once, later ones after a growing delay', () => {
  const backoff = new Backoff();
  expect(Array.from({ length: 5 }, () => backoff.next(0))).toEqual([0, 100, 150, 225, 338]);
});

test('the delay never grows beyond 30 s', () => {
  const backoff = new Backoff();
  const delays = Array.from({ length: 30 }, () => backoff.next(59_999));
  expect(delays.at(-1)).toBe(30_000);
  expect(Math.max(...delays)).toBe(30_000);
});

test('60 s of service forgive all crashes before', () => {
  const backoff = new Backoff();
  for (let crash = 0; crash < 10; crash++) backoff.next(0);
  expect(backoff.next(60_000)).toBe(0);
  expect(backoff.next(0)).toBe(100);
});
