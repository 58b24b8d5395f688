import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Deferred } from '../../src/core/deferred.js';
import { Balancer, type Hold } from '../../src/proxy/balancer.js';
import { Book } from '../../src/proxy/book.js';
import { HandOverRelay, type Recipient } from '../../src/proxy/hand-over.js';
import { ask } from '../kit/admin.ts';
import { freePort } from '../kit/free-port.ts';
import { startFront } from '../kit/front.ts';
import { readMetrics } from '../kit/prometheus.ts';
import { RawClient } from '../kit/raw-client.ts';
import { backendAt, openListener } from '../kit/relay.js';
import { fixture, Release } from '../kit/release.ts';
import { dial } from '../kit/wire.js';

type Outcome = Awaited<ReturnType<Recipient['take']>>;

const HOLD: Hold = { timeout: 5_000, max: 100 };

/** A public port whose connections are offered to workers, one for each of `takes`, that do so. */
async function offering(takes: readonly (() => Promise<Outcome>)[], hold = HOLD) {
  const book = new Book();
  const balancer = new Balancer(hold);
  const backends = takes.map((_, slot) => backendAt(1, slot));
  const recipientOf = ({ slot }: { slot: number }): Recipient => ({ take: takes[slot]! });
  const relay = new HandOverRelay(balancer, { connectTimeout: 5_000 }, { port: 8_000, recipientOf }, book);
  const { port } = await openListener(relay, balancer);
  balancer.swap(backends);
  return { book, balancer, relay, port, backends };
}

const saying = (outcome: Outcome) => async () => Promise.resolve(outcome);

/** How what has ended so far did, and what of it counts as failed. */
async function endsOf(book: Book) {
  await expect.poll(() => [book.total, book.inFlight]).toEqual([1, 0]);
  const ends = book.outcomes.flatMap(({ ends: counts }) => [...counts]);
  return { ends: Object.fromEntries(ends), failed: book.failed };
}

describe('a connection that is to be handed over is accounted for', () => {
  test('as handed-over, once a worker has taken it, and is under way until then', async () => {
    const taken = new Deferred<Outcome>();
    const { book, port, relay } = await offering([async () => taken.promise]);
    await dial(port);
    await expect.poll(() => relay.connections).toBe(1);
    expect(book).toMatchObject({ total: 1, inFlight: 1 });
    taken.resolve('taken');
    expect(await endsOf(book)).toEqual({ ends: { 'handed-over': 1 }, failed: 0 });
    expect(relay.connections).toBe(0);
  });

  test.each(['refused', 'missed', 'lost'] as const)('once, when the first worker has %s it', async (outcome) => {
    const { book, port, backends } = await offering([saying('taken'), saying(outcome)]);
    await dial(port);
    expect(await endsOf(book)).toEqual({ ends: { 'handed-over': 1 }, failed: 0 });
    expect(book).toMatchObject({ retried: 1, retries: 1 });
    expect(backends.map(({ leases }) => leases)).toEqual([0, 0]);
  });

  test('as worker-unreachable, when none of five has taken it', async () => {
    const { book, port } = await offering(Array.from({ length: 6 }, () => saying('missed')));
    expect(await (await dial(port)).ends()).toBe('');
    expect(await endsOf(book)).toEqual({ ends: { 'worker-unreachable': 1 }, failed: 1 });
    expect(book).toMatchObject({ retried: 1, retries: 4 });
  });

  test('as timeout-hold, when no worker was there', async () => {
    const { book, port } = await offering([], { timeout: 20, max: 1 });
    expect(await (await dial(port)).ends()).toBe('');
    expect(await endsOf(book)).toEqual({ ends: { 'timeout-hold': 1 }, failed: 1 });
    expect(book.held).toBe(1);
  });

  test('as stopped, when zdlb stops at once while it is offered; what the worker says later changes nothing', async () => {
    const taken = new Deferred<Outcome>();
    const { book, port, relay, backends } = await offering([async () => taken.promise]);
    const client = await dial(port);
    await expect.poll(() => relay.connections).toBe(1);
    relay.close();
    expect(await client.ends()).toBe('');
    taken.resolve('taken');
    await turn();
    expect(await endsOf(book)).toEqual({ ends: { stopped: 1 }, failed: 1 });
    expect(backends[0]!.leases).toBe(0);
  });
});

test('under --backend cluster, the books tell of each connection by whose it became, and none stays in flight', async () => {
  const { script } = await Release.create(await fixture('load-server.cjs'));
  const admin = await freePort();
  const front = await startFront({ script, args: ['--backend', 'cluster', '--admin', `127.0.0.1:${admin}`] });
  const connect = async () => {
    const client = await RawClient.connect(front.port);
    const got = await client.exchange({ method: 'GET', bytes: 'GET /now/x HTTP/1.1\r\nHost: test\r\n\r\n' });
    expect(got).toMatchObject({ response: { status: 200 } });
    client.end();
  };
  for (let i = 0; i < 6; i++) await connect();
  expect(await front.reload()).toMatchObject({ event: 'reload.done' });
  for (let i = 0; i < 3; i++) await connect();
  const metrics = readMetrics((await ask(admin, '/metrics')).body);
  expect(Object.fromEntries(metrics.get('zdlb_connections_total')!.samples)).toEqual({
    'zdlb_connections_total{outcome="handed-over",generation="1"}': 6,
    'zdlb_connections_total{outcome="handed-over",generation="2"}': 3,
  });
  expect(metrics.get('zdlb_requests_total')!.samples.size).toBe(0);
  const open = [...metrics.get('zdlb_connections')!.samples.values()];
  expect(open).toEqual([0]);
  const status = JSON.parse((await ask(admin, '/status')).body) as { workers: readonly { inFlight: number }[] };
  expect(status).toMatchObject({ requests: { total: 9, failed: 0, retried: 0 } });
  expect(status.workers.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
});
