import { describe, expect, test, vi } from 'vitest';
import type { Backend } from '../../../src/proxy/backend.js';
import { Balancer, type Claimant } from '../../../src/proxy/balancer.js';
import type { Lease } from '../../../src/proxy/lease.js';
import type { PolicyName } from '../../../src/proxy/policy.js';
import { Waiter, backends, claim } from '../../kit/claims.js';

const HOLD = { timeout: 1_000, max: 2_000 };

/** Workers that take `maxInFlight` each. */
function full(count: number, maxInFlight = 1, balance: PolicyName = 'round-robin') {
  const rotation = backends(count);
  const balancer = new Balancer(HOLD, { balance, maxInFlight });
  balancer.swap(rotation);
  const leases = Array.from({ length: count * maxInFlight }, (_, i) => claim(balancer, { slot: i % count }).lease!);
  return { balancer, rotation, leases };
}

describe('when all workers have as much in flight as they may', () => {
  test('a release serves who has waited longest, in the same tick', () => {
    const { balancer, rotation, leases } = full(2);
    const waiters = [claim(balancer), claim(balancer), claim(balancer)];
    expect(waiters.map(({ lease }) => lease)).toEqual([undefined, undefined, undefined]);
    leases[1]!.release();
    expect(waiters.map(({ lease }) => lease?.backend)).toEqual([rotation[1], undefined, undefined]);
    leases[0]!.release();
    waiters[0]!.lease!.release();
    expect(waiters.map(({ lease }) => lease?.backend)).toEqual([rotation[1], rotation[0], rotation[1]]);
    expect(rotation.map((backend) => backend.leases)).toEqual([1, 1]);
  });

  test('a released twice lease makes room once', () => {
    const { balancer, leases } = full(1);
    const waiters = [claim(balancer), claim(balancer)];
    leases[0]!.release();
    leases[0]!.release();
    expect(waiters[1]!.lease).toBe(undefined);
  });

  test('who withdraws is passed over', () => {
    const { balancer, leases } = full(1);
    const waiters = [claim(balancer), claim(balancer), claim(balancer)];
    balancer.withdraw(waiters[1]!);
    balancer.withdraw(waiters[0]!);
    leases[0]!.release();
    expect(waiters.map(({ lease }) => lease !== undefined)).toEqual([false, false, true]);
  });

  test('no more wait than may, and nobody waits longer than the bound', () => {
    vi.useFakeTimers();
    try {
      const balancer = new Balancer({ timeout: 1_000, max: 1 }, { balance: 'round-robin', maxInFlight: 1 });
      balancer.swap(backends(1));
      const [holder, waiter, shed] = [claim(balancer), claim(balancer), claim(balancer)];
      expect(shed.isRefused).toBe(true);
      vi.advanceTimersByTime(1_000);
      expect([holder.lease !== undefined, waiter.isRefused]).toEqual([true, true]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('one that lost its worker goes before those who had no turn yet, behind the time of none of them', () => {
    const { balancer, leases } = full(1);
    const waiter = claim(balancer);
    const again = new Waiter();
    balancer.claim(again, true);
    leases[0]!.release();
    expect([again.lease !== undefined, waiter.lease]).toEqual([true, undefined]);
  });

  test('a raised bound, a swap and a worker that is reached again serve who waits', () => {
    const { balancer } = full(1);
    const waiters = [claim(balancer), claim(balancer), claim(balancer)];
    const served = () => waiters.filter(({ lease }) => lease !== undefined).length;
    balancer.configure(HOLD, { balance: 'round-robin', maxInFlight: 2 });
    expect(served()).toBe(1);
    const [young] = backends(1) as [Backend];
    balancer.swap([young]);
    expect(served()).toBe(3);
    expect(young.leases).toBe(2);
  });

  test('a lowered bound takes back nothing, and gives nothing until there is room again', () => {
    const { balancer, rotation, leases } = full(1, 3);
    balancer.configure(HOLD, { balance: 'round-robin', maxInFlight: 1 });
    const waiter = claim(balancer);
    leases[0]!.release();
    leases[1]!.release();
    expect([rotation[0]!.leases, waiter.lease]).toEqual([1, undefined]);
    leases[2]!.release();
    expect(waiter.lease?.backend).toBe(rotation[0]);
  });
});

describe('a claim that wants one slot', () => {
  test('waits for that one while others overtake it', () => {
    const { balancer, rotation, leases } = full(2);
    const [bound, free] = [claim(balancer, { slot: 0 }), claim(balancer)];
    leases[1]!.release();
    expect([bound.lease, free.lease?.backend]).toEqual([undefined, rotation[1]]);
    leases[0]!.release();
    expect(bound.lease?.backend).toBe(rotation[0]);
  });

  test('has its turn among those who take anybody', () => {
    const { balancer, leases } = full(1);
    const waiters = [claim(balancer), claim(balancer, { slot: 0 }), claim(balancer)];
    leases[0]!.release();
    waiters[0]!.lease!.release();
    expect(waiters.map(({ lease }) => lease !== undefined)).toEqual([true, true, false]);
  });

  test('waits on across a reload, and takes another one when the slot is gone', () => {
    const { balancer } = full(2);
    const bound = [claim(balancer, { slot: 1 }), claim(balancer, { slot: 1 })];
    const young = backends(2);
    balancer.swap(young);
    expect(bound.map(({ lease }) => lease?.backend)).toEqual([young[1], undefined]);
    balancer.swap(young.slice(0, 1));
    expect(bound[1]!.lease?.backend).toBe(young[0]);
  });

  test('does not wait for one that cannot be reached', () => {
    const { balancer, rotation, leases } = full(2);
    const bound = claim(balancer, { slot: 0 });
    leases[1]!.release();
    balancer.shun(rotation[0]!);
    expect(bound.lease?.backend).toBe(rotation[1]);
  });

  test('by its address does the same', () => {
    const { balancer, rotation, leases } = full(2, 1, 'source-hash');
    const mine = Array.from({ length: 50 }, (_, source) => claim(balancer, { source }));
    leases[0]!.release();
    leases[1]!.release();
    const homes = mine.flatMap(({ lease }) => lease ?? []);
    expect(new Set(homes.map(({ backend }) => backend))).toEqual(new Set(rotation));
    expect(homes.length).toBe(2);
  });
});

test('a thousand that fail as soon as they are served go one after the other, not one within the other', () => {
  const { balancer, leases } = full(1);
  let depth = 0;
  let deepest = 0;
  const failing: Claimant = {
    claimed(lease: Lease) {
      deepest = Math.max(deepest, ++depth);
      lease.release();
      depth--;
    },
    refused() {},
  };
  for (let i = 0; i < 1_000; i++) balancer.claim({ ...failing });
  leases[0]!.release();
  expect([balancer.waiting, deepest]).toEqual([0, 1]);
});

/** Milliseconds for 10,000 releases and as many new claims while so many wait. */
function timeWith(waiting: number): number {
  const { balancer, leases } = full(4);
  const out = [...leases];
  const claimant: Claimant = { claimed: (lease) => void out.push(lease), refused() {} };
  const join = (turn: number) => balancer.claim(turn % 2 === 0 ? { ...claimant } : { ...claimant, slot: turn % 4 });
  for (let i = 0; i < waiting; i++) join(i);
  const began = performance.now();
  for (let turn = 0; turn < 10_000; turn++) {
    join(turn);
    out.shift()!.release();
  }
  expect(balancer.waiting).toBe(waiting);
  return performance.now() - began;
}

test('with a thousand waiting, a release costs no more than with ten', () => {
  timeWith(10);
  const best = (waiting: number) => Math.min(...Array.from({ length: 5 }, () => timeWith(waiting)));
  // One look at each who waits would make it a hundred times as much.
  expect(best(1_000)).toBeLessThan(best(10) * 10);
});
