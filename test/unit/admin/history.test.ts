import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { History } from '../../../src/admin/history.js';
import { statusOf } from './status.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** A front that answers 20 requests a second, half of them in 5 ms and half in 15, and fails one in ten. */
function busyFront() {
  const began = Date.now();
  const counts = [0, 0, 0]; // which it goes on counting in
  return () => {
    const seconds = (Date.now() - began) / 1_000;
    counts.splice(0, 2, 10 * seconds, 10 * seconds);
    return statusOf({
      requests: { total: 20 * seconds, failed: 2 * seconds, retried: 0, held: 0 },
      latency: { boundsMs: [10, 20], counts },
    });
  };
}

test('each second has its rates and percentiles', () => {
  const history = new History(busyFront());
  history.begin();
  vi.advanceTimersByTime(3_000);
  expect(history.since(0)).toHaveLength(3);
  expect(history.since(0).at(-1)).toEqual({
    time: Date.now(),
    requests: 20,
    errors: 2,
    p50: 10,
    p90: 18,
    p99: expect.closeTo(19.8) as number,
  });
  expect(history.since(Date.now() - 1_000)).toHaveLength(1);
  history.end();
  vi.advanceTimersByTime(3_000);
  expect(history.since(0)).toHaveLength(3);
});

test('five minutes are kept', () => {
  const history = new History(busyFront());
  history.begin();
  vi.advanceTimersByTime(600_000);
  expect(history.since(0)).toHaveLength(300);
});

test('a front that counts nothing has no rates', () => {
  const history = new History(() => statusOf());
  history.begin();
  vi.advanceTimersByTime(1_000);
  expect(history.since(0)).toMatchObject([{ requests: null, errors: null, p50: null, p90: null, p99: null }]);
});
