import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Burst } from '../../../src/watch/burst.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a burst is over when nothing has come for 100 ms', () => {
  const over = vi.fn<() => void>();
  const burst = new Burst(over);
  burst.stir();
  vi.advanceTimersByTime(99);
  burst.stir();
  vi.advanceTimersByTime(99);
  expect(over).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(over).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10_000);
  expect(over).toHaveBeenCalledTimes(1);
});

test('what does not end is acted upon every 2 s', () => {
  const over = vi.fn<() => void>();
  const burst = new Burst(over);
  for (let ms = 0; ms < 6_000; ms += 50) {
    burst.stir();
    vi.advanceTimersByTime(50);
  }
  expect(over.mock.calls.length).toBeGreaterThanOrEqual(2);
  expect(over.mock.calls.length).toBeLessThanOrEqual(3);
});

test('nothing is over once it is closed', () => {
  const over = vi.fn<() => void>();
  const burst = new Burst(over);
  burst.stir();
  burst.close();
  vi.advanceTimersByTime(10_000);
  expect(over).not.toHaveBeenCalled();
});
