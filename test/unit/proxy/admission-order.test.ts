import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Caller, NOTHING, gate } from '../../kit/admission.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** A generator whose numbers are the same in every run (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

describe('in any order of events the bounds hold, nobody waits who fits, and the counts come back to zero', () => {
  test.each(Array.from({ length: 20 }, (_, seed) => seed))('seed %d', async (seed) => {
    const random = randomOf(seed);
    const bounds = { maxConnections: 8, maxConnectionsPerAddress: 3, holdMax: 6, holdTimeout: 100 };
    const { admission, relay, arrive, end, counts } = gate(bounds);
    const clients: Caller[] = [];
    const openOf = (address: string) => relay.open.filter((client) => client.remoteAddress === address).length;
    const changesPerAddress = seed % 2 === 1;
    for (let step = 0; step < 1_000; step++) {
      const event = random(20);
      if (event < 9) clients.push(arrive(`10.0.0.${random(5)}`));
      else if (event < 17 && relay.connections > 0) await end(relay.open[random(relay.connections)]!);
      else if (event === 17) vi.advanceTimersByTime(random(80));
      else if (event === 18) {
        bounds.maxConnections = 4 + random(8);
        if (changesPerAddress) bounds.maxConnectionsPerAddress = [1, 3, Infinity][random(3)]!;
        admission.configure({ ...bounds });
      } else if (random(10) === 0) admission.dismiss(relay);

      const waiting = clients.filter((client) => !client.isClosed && !relay.accepted.has(client));
      expect(admission.open).toBe(relay.connections);
      expect(admission.parked).toBe(waiting.length);
      expect(waiting.length).toBeLessThanOrEqual(bounds.holdMax);
      expect(relay.connections).toBeLessThanOrEqual(11);
      const fits = ({ remoteAddress }: Caller) => openOf(remoteAddress!) < bounds.maxConnectionsPerAddress;
      if (relay.connections < bounds.maxConnections) expect(waiting.filter(fits)).toEqual([]);
      if (!changesPerAddress)
        expect(Math.max(...relay.open.map((client) => openOf(client.remoteAddress!)), 0)).toBeLessThanOrEqual(3);
    }
    while (relay.connections > 0) await end(relay.open[0]!);
    vi.advanceTimersByTime(100);
    expect(counts()).toEqual(NOTHING);
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1); // the journal's
    expect(clients.every((client) => client.isClosed !== relay.accepted.has(client))).toBe(true);
  });
});
