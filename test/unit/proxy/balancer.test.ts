import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

/** How many have a lease. A spread leaves fractions to chance. */
const soMany = (waiters: readonly { lease: unknown }[]) => waiters.filter(({ lease }) => lease !== undefined).length;

describe('while an operator holds them back', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('claims wait, whoever has room, joins, or comes back with a lease, and longer than the hold timeout', () => {
    const balancer = new Balancer(HOLD);
    const early = claim(balancer);
    balancer.pause();
    const late = claim(balancer);
    balancer.swap(backends(2));
    vi.advanceTimersByTime(2 * HOLD.timeout);
    expect([early, late]).toMatchObject([
      { lease: undefined, isRefused: false },
      { lease: undefined, isRefused: false },
    ]);
    expect(balancer.waiting).toBe(2);
    expect(claim(balancer).isRefused).toBe(true);
  });

  test('they are let go in the course of the time given, and who comes then does not wait', async () => {
    const balancer = new Balancer({ timeout: 1_000, max: 200 });
    balancer.swap(backends(2));
    balancer.pause();
    const waiters = Array.from({ length: 200 }, () => claim(balancer));
    const resumed = balancer.resume(1_000);
    expect(claim(balancer).lease).toBeDefined();
    expect(soMany(waiters)).toBeLessThan(10);
    vi.advanceTimersByTime(500);
    expect(soMany(waiters)).toBeGreaterThan(50);
    expect(soMany(waiters)).toBeLessThan(150);
    vi.advanceTimersByTime(500);
    expect(soMany(waiters)).toBe(200);
    await resumed;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a pause that begins while they are let go keeps those who are left', () => {
    const balancer = new Balancer({ timeout: 1_000, max: 200 });
    balancer.swap(backends(2));
    balancer.pause();
    const waiters = Array.from({ length: 200 }, () => claim(balancer));
    void balancer.resume(1_000);
    vi.advanceTimersByTime(500);
    balancer.pause();
    const before = soMany(waiters);
    vi.advanceTimersByTime(2_000);
    expect(soMany(waiters)).toBe(before);
    expect(balancer.waiting).toBe(200 - before);
  });

  test.each([0, 2])('a pause holds though the one before ended at once (spread over %i ms)', async (ms) => {
    const balancer = new Balancer(HOLD);
    balancer.swap(backends(1));
    balancer.pause();
    const first = claim(balancer);
    await balancer.resume(ms);
    expect(first.lease).toBeDefined();
    balancer.pause();
    const second = claim(balancer);
    vi.advanceTimersByTime(500);
    expect(second.lease).toBeUndefined();
  });

  test('a pause has ended when the last who waited have left by themselves', async () => {
    const balancer = new Balancer({ timeout: 1_000, max: 200 });
    balancer.swap(backends(1));
    balancer.pause();
    const waiters = Array.from({ length: 200 }, () => claim(balancer));
    const resumed = balancer.resume(1_000);
    for (const waiter of waiters) balancer.withdraw(waiter);
    await resumed;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('who is let go while nobody is ready may wait as long as anybody', async () => {
    const balancer = new Balancer(HOLD);
    balancer.pause();
    const waiter = claim(balancer);
    vi.advanceTimersByTime(5 * HOLD.timeout);
    await balancer.resume(0);
    vi.advanceTimersByTime(HOLD.timeout - 1);
    expect(waiter.isRefused).toBe(false);
    vi.advanceTimersByTime(1);
    expect(waiter.isRefused).toBe(true);
  });

  test('work of backends that have left the rotation is still counted', async () => {
    const balancer = new Balancer(HOLD);
    const [old, young] = backends(2) as [Backend, Backend];
    balancer.swap([old]);
    const [one, two] = [claim(balancer).lease!, claim(balancer).lease!];
    two.lasts(() => {});
    balancer.swap([young]);
    expect(balancer.out).toEqual({ leases: 2, lasting: 1 });
    one.release();
    two.release();
    await old.drained();
    expect(balancer.out).toEqual({ leases: 0, lasting: 0 });
  });
});
