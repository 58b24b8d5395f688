import { describe, expect, test, vi } from 'vitest';
import type { Backend } from '../../../src/proxy/backend.js';
import { Balancer } from '../../../src/proxy/balancer.js';
import { backends, claim } from '../../kit/claims.js';

const HOLD = { timeout: 1_000, max: 2 };

test('leases go round the rotation', () => {
  const balancer = new Balancer(HOLD);
  const rotation = backends(3);
  balancer.swap(rotation);
  const chosen = Array.from({ length: 6 }, () => rotation.indexOf(claim(balancer).lease!.backend));
  expect(chosen).toEqual([1, 2, 0, 1, 2, 0]);
});

test('from the tick of a swap on, no lease goes to who left', () => {
  const balancer = new Balancer(HOLD);
  const [old, young] = backends(2) as [Backend, Backend];
  balancer.swap([old]);
  const lease = claim(balancer).lease!;
  balancer.swap([young]);
  expect(claim(balancer).lease?.backend).toBe(young);
  expect(old.leases).toBe(1);
  lease.release();
  expect(old.leases).toBe(0);
});

test('a backend is drained when its last lease is released, however often', async () => {
  const [backend] = backends(1) as [Backend];
  const [first, second] = [backend.lease(), backend.lease()];
  let isDrained = false;
  const drained = backend.drained().then(() => (isDrained = true));
  first.release();
  first.release();
  await Promise.resolve();
  expect(isDrained).toBe(false);
  second.release();
  await drained;
});

describe('while no backend is ready', () => {
  test('claims wait in the order in which they came', () => {
    const balancer = new Balancer(HOLD);
    const [first, second] = [claim(balancer), claim(balancer)];
    const [one, two] = backends(2) as [Backend, Backend];
    balancer.swap([one, two]);
    expect([first.lease?.backend, second.lease?.backend]).toEqual([two, one]);
    expect(balancer.waiting).toBe(0);
  });

  test('no more than the bound may wait', () => {
    const balancer = new Balancer(HOLD);
    const waiters = [claim(balancer), claim(balancer), claim(balancer)];
    expect(waiters.map((waiter) => waiter.isRefused)).toEqual([false, false, true]);
  });

  test('nobody waits longer than the bound', () => {
    vi.useFakeTimers();
    try {
      const balancer = new Balancer(HOLD);
      const first = claim(balancer);
      vi.advanceTimersByTime(600);
      const second = claim(balancer);
      vi.advanceTimersByTime(400);
      expect([first.isRefused, second.isRefused]).toEqual([true, false]);
      vi.advanceTimersByTime(600);
      expect(second.isRefused).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a bound that is lowered holds from then on, for those who wait as well', () => {
    vi.useFakeTimers();
    try {
      const balancer = new Balancer(HOLD);
      const sharing = { balance: 'round-robin', maxInFlight: Infinity } as const;
      balancer.withdraw(claim(balancer)); // its timer is left to run
      balancer.configure({ timeout: 500, max: 2 }, sharing);
      const first = claim(balancer);
      vi.advanceTimersByTime(200);
      balancer.configure({ timeout: 300, max: 2 }, sharing);
      const second = claim(balancer);
      vi.advanceTimersByTime(100);
      expect([first.isRefused, second.isRefused]).toEqual([true, false]);
      vi.advanceTimersByTime(200);
      expect(second.isRefused).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  test('who withdraws gets nothing', () => {
    const balancer = new Balancer(HOLD);
    const waiter = claim(balancer);
    balancer.withdraw(waiter);
    balancer.swap(backends(1));
    expect(waiter.lease).toBe(undefined);
  });

  test('closing refuses who waits', () => {
    const balancer = new Balancer(HOLD);
    const waiter = claim(balancer);
    balancer.close();
    expect(waiter.isRefused).toBe(true);
  });
});

test('a backend that cannot be reached is passed over for a second', () => {
  vi.useFakeTimers();
  try {
    const balancer = new Balancer({ timeout: 5_000, max: 2 });
    const [only] = backends(1) as [Backend];
    balancer.swap([only]);
    balancer.shun(only);
    const waiter = claim(balancer);
    expect(waiter.lease).toBe(undefined);
    vi.advanceTimersByTime(1_000);
    expect(waiter.lease?.backend).toBe(only);
  } finally {
    vi.useRealTimers();
  }
});
