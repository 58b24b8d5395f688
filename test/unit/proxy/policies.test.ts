import { describe, expect, test } from 'vitest';
import { subscriberOf } from '../../../src/core/address.js';
import type { Backend } from '../../../src/proxy/backend.js';
import { Balancer } from '../../../src/proxy/balancer.js';
import { hashOf } from '../../../src/proxy/hash.js';
import type { Lease } from '../../../src/proxy/lease.js';
import { type PolicyName, makePolicy } from '../../../src/proxy/policy.js';
import { RandomTwo } from '../../../src/proxy/random-two.js';
import { backends, claim } from '../../kit/claims.js';
import { Random } from '../../kit/random.js';

const hash = (address: string) => hashOf(subscriberOf(address));

const HOLD = { timeout: 1_000, max: 100 };
const REQUESTS = 10_000;
const SEED = 5;

const balancerOf = (balance: PolicyName, rotation: readonly Backend[]) => {
  const balancer = new Balancer(HOLD, { balance, maxInFlight: Infinity });
  balancer.swap(rotation);
  return balancer;
};

/** Clients of many networks, as their addresses are hashed; neighbours among them. */
const sources = (count: number) =>
  Array.from({ length: count }, (_, i) => hashOf(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`));

/** How many of the requests each slot got, with up to `concurrency` under way that end in random order. */
function shares(balance: PolicyName, concurrency = 50): readonly number[] {
  const random = new Random(SEED);
  const rotation = backends(4);
  const balancer = balancerOf(balance, rotation);
  const counts = rotation.map(() => 0);
  const out: Lease[] = [];
  for (const source of sources(REQUESTS)) {
    const lease = claim(balancer, { source }).lease!;
    counts[lease.backend.slot]!++;
    out.push(lease);
    if (out.length > concurrency) out.splice(random.below(out.length), 1)[0]!.release();
  }
  return counts;
}

/** Where each of the sources goes with these backends. */
function homes(rotation: readonly Backend[], clientele: readonly number[]): readonly number[] {
  const policy = makePolicy('source-hash');
  for (const backend of rotation) backend.join();
  return clientele.map((source) => policy.choose(rotation, { source, claimed() {}, refused() {} })!.slot);
}

/** How many of 1,000 requests, one at a time, are stuck at a worker that never answers, one of four. */
const stuckBehind = (balance: PolicyName) => {
  const rotation = backends(4);
  const balancer = balancerOf(balance, rotation);
  // Requests come one at a time; all workers but the first answer before the next one.
  for (let i = 0; i < 1_000; i++) {
    const lease = claim(balancer).lease!;
    if (lease.backend !== rotation[0]) lease.release();
  }
  return rotation[0]!.leases;
};

/**
 * The 99th percentile of how long 10,000 requests take that come one per unit of time, at four workers that do one after the
 * other: three need two units for each, one ten.
 */
function p99With(balance: PolicyName): number {
  const rotation = backends(4);
  const balancer = balancerOf(balance, rotation);
  const freeAt = rotation.map(() => 0);
  let underWay: { readonly lease: Lease; readonly end: number }[] = [];
  const times = Array.from({ length: REQUESTS }, (_, now) => {
    for (const { lease, end } of underWay) if (end <= now) lease.release();
    underWay = underWay.filter(({ end }) => end > now);
    const lease = claim(balancer).lease!;
    const { slot } = lease.backend;
    const end = (freeAt[slot] = Math.max(now, freeAt[slot]!) + (slot === 0 ? 10 : 2));
    underWay.push({ lease, end });
    return end - now;
  });
  return times.toSorted((one, other) => one - other)[REQUESTS * 0.99]!;
}

describe('of 10,000 requests each of four workers gets its quarter', () => {
  test.each([
    ['round-robin', 1],
    ['least-connections', 100],
    ['random-two', 250],
    ['source-hash', 250],
  ] as const)('%s, within %i', (balance, tolerance) => {
    for (const share of shares(balance)) expect(Math.abs(share - REQUESTS / 4)).toBeLessThan(tolerance);
  });
});

describe('least-connections', () => {
  test('keeps the slowest answers short when one worker is slow, under which round robin drowns it', () => {
    expect(p99With('least-connections')).toBeLessThanOrEqual(20);
    expect(p99With('round-robin')).toBeGreaterThan(1_000);
  });

  test('gives to who has the fewest out, and among equals to each in turn', () => {
    const rotation = backends(3);
    const balancer = balancerOf('least-connections', rotation);
    const leases = Array.from({ length: 6 }, () => claim(balancer).lease!);
    expect(leases.map(({ backend }) => backend.slot)).toEqual([1, 2, 0, 1, 2, 0]);
    leases[1]!.release();
    expect(claim(balancer).lease?.backend.slot).toBe(2);
  });

  test('leaves nothing but its share behind a worker that is stuck, where round robin goes on', () => {
    expect(stuckBehind('round-robin')).toBe(250);
    expect(stuckBehind('random-two')).toBeLessThan(10);
    expect(stuckBehind('least-connections')).toBe(1);
  });
});

describe('random-two', () => {
  test('passes over those without room, as long as anybody has some', () => {
    const rotation = backends(4);
    for (const backend of rotation) backend.join();
    for (const backend of rotation.slice(0, 3)) backend.limit(0, () => {});
    const random = new Random(SEED);
    const policy = new RandomTwo(() => random.next());
    const chosen = Array.from({ length: 100 }, () => policy.choose(rotation)?.slot);
    expect(new Set(chosen)).toEqual(new Set([3]));
    rotation[3]!.limit(0, () => {});
    expect(policy.choose(rotation)).toBe(undefined);
    expect(policy.choose([])).toBe(undefined);
  });
});

describe('source-hash', () => {
  const clientele = sources(REQUESTS);
  const before = homes(backends(4), clientele);
  const moved = (after: readonly number[]) => after.flatMap((slot, i) => (slot === before[i] ? [] : [i]));

  test('a worker that leaves moves its own clients and nobody else, evenly', () => {
    const after = homes(backends(4).slice(0, 3), clientele);
    expect(moved(after)).toEqual(before.flatMap((slot, i) => (slot === 3 ? [i] : [])));
    const newHomes = [0, 1, 2].map((slot) => moved(after).filter((i) => after[i] === slot).length);
    for (const share of newHomes) expect(Math.abs(share - moved(after).length / 3)).toBeLessThan(100);
  });

  test('a worker that joins takes its own share and nobody moves elsewhere', () => {
    const after = homes(backends(5), clientele);
    expect(moved(after)).toEqual(after.flatMap((slot, i) => (slot === 4 ? [i] : [])));
    expect(Math.abs(moved(after).length - REQUESTS / 5)).toBeLessThan(200);
  });

  test('a reload, which keeps the slots, moves nobody, in whatever order they come', () => {
    expect(homes(backends(4).toReversed(), clientele)).toEqual(before);
  });

  test('spreads neighbours, and small pairs of slots, as if by chance', () => {
    for (const [one, other] of [
      [0, 1],
      [2, 3],
      [0, 63],
    ] as const) {
      const rotation = backends(64).filter(({ slot }) => slot === one || slot === other);
      const share = homes(rotation, clientele).filter((slot) => slot === one).length;
      expect(Math.abs(share - REQUESTS / 2)).toBeLessThan(200);
    }
  });

  test('counts the /64 of an IPv6 address, and an IPv4 address as the same in both forms', () => {
    expect(hash('2001:db8::1')).toBe(hash('2001:db8::ffff'));
    expect(hash('2001:db8:0:1::1')).not.toBe(hash('2001:db8::1'));
    expect(hash('::ffff:10.0.0.1')).toBe(hash('10.0.0.1'));
  });

  test('a client without an address goes round', () => {
    const balancer = balancerOf('source-hash', backends(2));
    expect(Array.from({ length: 4 }, () => claim(balancer).lease!.backend.slot)).toEqual([1, 0, 1, 0]);
  });

  test('clients of a worker that cannot be reached go to others, each to its own, and come back', () => {
    const rotation = backends(4);
    const balancer = balancerOf('source-hash', rotation);
    const some = clientele.slice(0, 200);
    balancer.shun(rotation[3]!);
    const while_ = some.map((source) => claim(balancer, { source }).lease!.backend.slot);
    expect(while_).toEqual(homes(backends(4).slice(0, 3), some));
    rotation[3]!.readmit();
    expect(some.map((source) => claim(balancer, { source }).lease!.backend.slot)).toEqual(before.slice(0, 200));
  });
});

test('the policy changes with the configuration, in the tick in which it is read', () => {
  const balancer = balancerOf('round-robin', backends(4));
  balancer.configure(HOLD, { balance: 'source-hash', maxInFlight: Infinity });
  const chosen = Array.from({ length: 8 }, () => claim(balancer, { source: 7 }).lease!.backend.slot);
  expect(new Set(chosen).size).toBe(1);
});
