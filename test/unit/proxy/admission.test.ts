import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Relay } from '../../../src/proxy/listener.js';
import { Caller, Keeper, clientOf, NOTHING, SETTINGS, gate } from '../../kit/admission.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

test('within the bounds, connections come through at once and nobody is remembered', () => {
  const { relay, arrive, counts } = gate();
  const clients = [arrive(), arrive()];
  expect(relay.clients).toEqual(clients);
  expect(counts()).toEqual({ open: 2, parked: 0, origins: 0 });
});

test('beyond the bound connections wait, and come in first in, first out', async () => {
  const { relay, arrive, end, counts } = gate();
  const [first, second, third, fourth, fifth] = [arrive(), arrive(), arrive(), arrive(), arrive()];
  expect(relay.clients).toEqual([first, second]);
  await end(second);
  expect(relay.clients).toEqual([first, second, third]);
  await end(first);
  await end(third);
  expect(relay.clients).toEqual([first, second, third, fourth, fifth]);
  expect(vi.getTimerCount()).toBe(0);
  await end(fourth);
  await end(fifth);
  expect(counts()).toEqual(NOTHING);
});

test('who comes in does so behind the call that made room, not within it', async () => {
  const { relay, arrive } = gate({ maxConnections: 1 });
  const [first] = [arrive(), arrive()];
  relay.end(first);
  expect(relay.clients).toHaveLength(1);
  await Promise.resolve();
  expect(relay.clients).toHaveLength(2);
});

test('beyond those that may wait, a connection is closed at once', () => {
  const { arrive, counts } = gate();
  const clients = Array.from({ length: 7 }, () => arrive());
  expect(clients.map((client) => client.isClosed)).toEqual([false, false, false, false, false, true, true]);
  expect(counts()).toMatchObject({ open: 2, parked: 3 });
});

test('a connection waits no longer than the hold timeout', async () => {
  const { arrive, end, counts } = gate();
  const [first, second, third] = [arrive(), arrive(), arrive()];
  vi.advanceTimersByTime(600);
  const fourth = arrive();
  vi.advanceTimersByTime(399);
  expect([third, fourth].map((client) => client.isClosed)).toEqual([false, false]);
  vi.advanceTimersByTime(1);
  expect([third, fourth].map((client) => client.isClosed)).toEqual([true, false]);
  vi.advanceTimersByTime(600);
  expect(fourth.isClosed).toBe(true);
  await end(first);
  await end(second);
  expect(counts()).toEqual(NOTHING);
});

test('the timeout runs for each crowd anew', async () => {
  const { arrive, end } = gate({ maxConnections: 1 });
  const [first, second] = [arrive(), arrive()];
  vi.advanceTimersByTime(900);
  await end(first);
  const third = arrive();
  vi.advanceTimersByTime(999);
  expect([second.isClosed, third.isClosed]).toEqual([false, false]);
  vi.advanceTimersByTime(1);
  expect([second.isClosed, third.isClosed]).toEqual([false, true]);
});

describe('per address', () => {
  const perAddress = { maxConnections: 3, maxConnectionsPerAddress: 2, holdMax: 10 };

  test('one at its bound does not stand in the way of others', async () => {
    const { relay, arrive, end, counts } = gate(perAddress);
    const [a1, a2, a3] = [arrive('10.0.0.1'), arrive('10.0.0.1'), arrive('10.0.0.1')];
    const b1 = arrive('10.0.0.2');
    expect(relay.clients).toEqual([a1, a2, b1]);
    const c1 = arrive('10.0.0.3');
    await end(b1);
    expect(relay.clients).toEqual([a1, a2, b1, c1]);
    await end(a1);
    expect(relay.clients).toEqual([a1, a2, b1, c1, a3]);
    for (const client of [a2, a3, c1]) await end(client);
    expect(counts()).toEqual(NOTHING);
  });

  test('the oldest that fits comes in', async () => {
    const { relay, arrive, end } = gate({ ...perAddress, maxConnectionsPerAddress: 1, maxConnections: 2 });
    const [a1, a2] = [arrive('10.0.0.1'), arrive('10.0.0.1')];
    const [b1, c1] = [arrive('10.0.0.2'), arrive('10.0.0.3')];
    expect(relay.clients).toEqual([a1, b1]);
    await end(a1);
    expect(relay.clients).toEqual([a1, b1, a2]);
    await end(a2);
    expect(relay.clients).toEqual([a1, b1, a2, c1]);
  });

  test('an IPv4-mapped address counts as its IPv4 address, and IPv6 by /64', () => {
    const { relay, arrive } = gate({ ...perAddress, maxConnections: 10, maxConnectionsPerAddress: 1 });
    const through = ['10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8:0:1::1'].map((from) => arrive(from));
    const others = ['::ffff:10.0.0.1', '::ffff:10.0.0.2', '2001:db8::2', '2001:db8:0:1:ffff::'];
    const waiting = others.map((from) => arrive(from));
    expect(relay.clients).toEqual(through);
    expect(waiting.some((client) => client.isClosed)).toBe(false);
  });

  test('a connection that was reset before it was looked at is dropped', () => {
    const { admission, relay, counts } = gate(perAddress);
    const client = new Caller(undefined);
    admission.admit(clientOf(client), relay);
    expect([client.isClosed, relay.clients.length]).toEqual([true, 0]);
    expect(counts()).toEqual(NOTHING);
  });
});

describe('configure()', () => {
  test('raising a bound lets in at once who waits', () => {
    const { admission, relay, arrive } = gate();
    for (let count = 0; count < 5; count++) arrive();
    admission.configure({ ...SETTINGS, maxConnections: 4 });
    expect([relay.clients.length, admission.parked]).toEqual([4, 1]);
    admission.configure({ ...SETTINGS, maxConnections: Infinity });
    expect([relay.clients.length, admission.parked]).toEqual([5, 0]);
  });

  test('lowering a bound closes nothing, and holds until enough have left', async () => {
    const { admission, relay, arrive, end } = gate({ maxConnections: 4 });
    const [first, second, third, fourth] = [arrive(), arrive(), arrive(), arrive()];
    admission.configure({ ...SETTINGS, maxConnections: 2 });
    const fifth = arrive();
    for (const client of [first, second]) await end(client);
    expect(relay.open).toEqual([third, fourth]);
    await end(third);
    expect(relay.open).toEqual([fourth, fifth]);
  });

  test('a bound per address counts what comes after it was set', async () => {
    const { admission, relay, arrive, end, counts } = gate({ maxConnections: 10 });
    const before = arrive();
    admission.configure({ ...SETTINGS, maxConnections: 10, maxConnectionsPerAddress: 1 });
    const [second, third] = [arrive(), arrive()];
    expect(relay.open).toEqual([before, second]);
    await end(before);
    expect(relay.open).toEqual([second]);
    admission.configure({ ...SETTINGS, maxConnections: 10 });
    expect(relay.open).toEqual([second, third]);
    for (const client of relay.open) await end(client);
    expect(counts()).toEqual(NOTHING);
  });

  test('a shorter timeout holds for those that wait', () => {
    const { admission, arrive } = gate({ maxConnections: 1 });
    const [, second, third] = [arrive(), arrive(), arrive()];
    admission.configure({ ...SETTINGS, maxConnections: 1, holdTimeout: 100 });
    vi.advanceTimersByTime(99);
    expect(second.isClosed).toBe(false);
    vi.advanceTimersByTime(1);
    expect([second.isClosed, third.isClosed]).toEqual([true, true]);
  });
});

test('dismiss() closes those that wait for that relay, and no others', async () => {
  const { admission, relay, arrive, end } = gate({ maxConnections: 1 });
  const other = new Keeper();
  const [first, second] = [arrive(), arrive()];
  const third = arrive('10.0.0.1', other);
  admission.dismiss(relay);
  expect([first.isClosed, second.isClosed, third.isClosed]).toEqual([false, true, false]);
  await end(first);
  expect(other.clients).toEqual([third]);
});

test('a relay that closes what it is given, at once, does not confuse the counts', async () => {
  const { admission, relay, arrive, end, counts } = gate({ maxConnections: 1, holdMax: 20_000 });
  const first = arrive();
  let refused = 0;
  const refusing: Relay = {
    connections: 0,
    accept(_client, closed) {
      refused++;
      closed();
    },
    finish() {},
    close() {},
  };
  for (let count = 0; count < 20_000; count++) arrive('10.0.0.1', refusing);
  await end(first);
  await new Promise(setImmediate);
  expect(refused).toBe(20_000);
  expect(counts()).toEqual(NOTHING);
  expect(admission.open + relay.connections).toBe(0);
});
