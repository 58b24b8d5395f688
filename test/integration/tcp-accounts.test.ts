import { describe, expect, test } from 'vitest';
import type { Book } from '../../src/proxy/book.js';
import { deafPort } from '../kit/deaf.ts';
import { freePort } from '../kit/free-port.ts';
import { type RelayOptions, backendAt, openRelay } from '../kit/relay.js';
import { Stage, dial } from '../kit/wire.js';

/** How what has ended so far did, and what of it counts as failed. */
async function endsOf(book: Book, total = 1) {
  await expect.poll(() => book.total - book.inFlight).toBe(total);
  expect(book.total).toBe(total);
  const ends = book.outcomes.flatMap(({ ends: counts }) => [...counts]);
  return { ends: Object.fromEntries(ends), failed: book.failed };
}

/** A client and the worker that has got what it said: the connection is joined. */
async function joined(options: RelayOptions = {}) {
  const stage = await Stage.open();
  const relay = await openRelay('tcp', options);
  const backend = backendAt(stage.port);
  relay.balancer.swap([backend]);
  const client = await dial(relay.port);
  const worker = await stage.accepts();
  client.send('hello');
  await worker.gets('hello');
  expect(relay.book).toMatchObject({ total: 1, inFlight: 1 });
  return { ...relay, client, worker, backend };
}

describe('in tcp mode, a connection is accounted for', () => {
  test.each(['client', 'worker'] as const)('as complete, when its %s closes it first', async (first) => {
    const { book, ...ends } = await joined();
    const other = first === 'client' ? ends.worker : ends.client;
    ends[first].socket.end();
    await other.ends();
    expect(book.inFlight).toBe(1); // each side ends for itself
    other.socket.end();
    expect(await endsOf(book)).toEqual({ ends: { complete: 1 }, failed: 0 });
    expect(book).toMatchObject({ retries: 0, held: 0 });
    expect(book.outcomes[0]!.classes.slice(1)).toEqual(Array.from({ length: 9 }, () => 0));
  });

  test('as complete, when its client cuts it: whether all was said, only its protocol knows', async () => {
    const { book, client, worker } = await joined();
    client.socket.resetAndDestroy();
    await worker.ends();
    expect(await endsOf(book)).toEqual({ ends: { complete: 1 }, failed: 0 });
  });

  test('as worker-lost, when its worker cuts it', async () => {
    const { book, client, worker } = await joined();
    worker.socket.resetAndDestroy();
    await client.ends();
    expect(client.end).toBe('reset');
    expect(await endsOf(book)).toEqual({ ends: { 'worker-lost': 1 }, failed: 1 });
  });

  test('as retired, when its worker is about to stop', async () => {
    const { book, client, worker, backend } = await joined();
    backend.disperse(0, new AbortController().signal);
    await worker.ends();
    worker.socket.end('last words');
    expect(await client.ends()).toBe('last words');
    client.socket.end();
    expect(await endsOf(book)).toEqual({ ends: { retired: 1 }, failed: 0 });
  });

  test('as timeout-idle, when nothing moves on it', async () => {
    const { book, client } = await joined({ idleTimeout: 50 });
    await client.ends();
    expect(await endsOf(book)).toEqual({ ends: { 'timeout-idle': 1 }, failed: 0 });
  });

  test('as stopped, when zdlb stops at once', async () => {
    const { book, client, worker, relay } = await joined();
    relay.close();
    await Promise.all([client.ends(), worker.ends()]);
    expect(await endsOf(book)).toEqual({ ends: { stopped: 1 }, failed: 1 });
  });

  test('once, by the worker that had it, when another could not be reached', async () => {
    const { port, book, balancer } = await openRelay('tcp');
    const stage = await Stage.open();
    balancer.swap([backendAt(stage.port, 0), backendAt(await freePort(), 1)]);
    const client = await dial(port);
    const worker = await stage.accepts();
    worker.socket.end();
    client.socket.end();
    expect(await endsOf(book)).toEqual({ ends: { complete: 1 }, failed: 0 });
    expect(book).toMatchObject({ retried: 1, retries: 1 });
  });

  test.each([
    ['worker-unreachable', freePort],
    ['timeout-connect', deafPort],
  ])('as %s, when no worker has accepted it', async (end, portOf) => {
    const { port, book, balancer } = await openRelay('tcp', { connectTimeout: 20 });
    const nobody = await portOf();
    balancer.swap([0, 1, 2, 3, 4].map((slot) => backendAt(nobody, slot)));
    const client = await dial(port);
    expect(await client.ends()).toBe('');
    expect(await endsOf(book)).toEqual({ ends: { [end]: 1 }, failed: 1 });
    expect(book).toMatchObject({ retried: 1, retries: 4 });
  });

  test.each([
    ['timeout-hold', { timeout: 20, max: 1 }],
    ['refused-busy', { timeout: 20, max: 0 }],
  ])('as %s, when there was no worker for it', async (end, hold) => {
    const { port, book } = await openRelay('tcp', { hold });
    const client = await dial(port);
    expect(await client.ends()).toBe('');
    expect(await endsOf(book)).toEqual({ ends: { [end]: 1 }, failed: 1 });
    expect(book.held).toBe(hold.max);
  });

  test('as client-left, when it went while it waited; that is no failure', async () => {
    const { port, book, balancer } = await openRelay('tcp');
    const client = await dial(port);
    await expect.poll(() => balancer.waiting).toBe(1);
    client.socket.resetAndDestroy();
    expect(await endsOf(book)).toEqual({ ends: { 'client-left': 1 }, failed: 0 });
    expect(book.held).toBe(1);
  });

  test('as stopped, when it still waits as zdlb stops at once', async () => {
    const { port, book, balancer } = await openRelay('tcp');
    const client = await dial(port);
    await expect.poll(() => balancer.waiting).toBe(1);
    balancer.close();
    expect(await client.ends()).toBe('');
    expect(await endsOf(book)).toEqual({ ends: { stopped: 1 }, failed: 1 });
  });
});
