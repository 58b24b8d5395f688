import { describe, expect, test } from 'vitest';
import type { Book } from '../../src/proxy/book.js';
import { ENGINES, GET, OK, type RelayOptions, through } from '../kit/relay.js';
import { type Wire, dial } from '../kit/wire.js';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n';

/** How what has ended so far did, and what of it counts as failed. */
async function endsOf(book: Book, total = 1) {
  await expect.poll(() => book.total - book.inFlight).toBe(total);
  expect(book.total).toBe(total);
  const ends = book.outcomes.flatMap(({ ends: counts }) => [...counts]);
  return { ends: Object.fromEntries(ends), failed: book.failed };
}

describe.each(ENGINES)('by the %s, a request is accounted for', (engine) => {
  const { scene, openRelay } = through(engine);

  /** Sends `request` to a worker that does `then` when it has got the head. */
  async function ask(request: string, then: (worker: Wire, client: Wire) => unknown, options: RelayOptions = {}) {
    const all = await scene(1, options);
    const client = await dial(all.port);
    client.send(request);
    const worker = await all.stage.accepts();
    await worker.gets('\r\n\r\n');
    await then(worker, client);
    return all;
  }

  test.each<[end: string, failed: number, request: string, then: Parameters<typeof ask>[1], options?: RelayOptions]>([
    ['complete', 0, GET, (worker) => worker.send(OK)],
    ['complete', 0, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'), (worker) => worker.send(OK)],
    ['complete', 1, GET, (worker) => worker.send(OK.replace('200', '500'))],
    ['client-left', 0, GET, (_, client) => client.socket.resetAndDestroy()],
    ['client-left', 0, `${POST}h`, (_, client) => client.socket.end()],
    ['worker-lost', 1, `${POST}hi`, (worker) => worker.socket.resetAndDestroy()],
    ['worker-lost', 1, GET, (worker) => worker.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok')],
    ['worker-malformed', 1, GET, (worker) => worker.send('nonsense\r\n\r\n')],
    ['timeout-response', 1, GET, () => {}, { responseTimeout: 20 }],
    ['timeout-body', 0, `${POST}h`, () => {}, { bodyTimeout: 20 }],
    [
      'refused-400',
      0,
      POST.replace('Content-Length: 2', 'Transfer-Encoding: chunked'),
      (_, client) => client.send('x'),
    ],
  ])('as %s (%i failed)', async (end, failed, request, then, options) => {
    const { book } = await ask(request, then, options);
    expect(await endsOf(book)).toEqual({ ends: { [end]: 1 }, failed });
  });

  test.each([
    ['refused-400', 'GET / HTTP/1.1\r\nHost\r\n\r\n'],
    ['refused-413', POST.replace('2', '9')],
    ['refused-414', GET.replace('/', `/${'x'.repeat(100)}`)],
    ['refused-505', GET.replace('1.1', '2.1')],
    ['timeout-head', 'GET / HT'],
  ])('as %s, that no worker ever had', async (end, request) => {
    const { port, book } = await scene(1, { maxBodySize: 4, maxTargetSize: 64, headerTimeout: 20 });
    const client = await dial(port);
    client.send(request);
    expect(await endsOf(book)).toEqual({ ends: { [end]: 1 }, failed: 0 });
    expect(book.outcomes[0]!.generation).toBe(0);
  });

  test.each([
    ['timeout-hold', { timeout: 20, max: 1 }],
    ['refused-busy', { timeout: 20, max: 0 }],
  ])('as %s, when there was no worker for it', async (end, hold) => {
    const { port, book } = await openRelay('http', { hold });
    const client = await dial(port);
    client.send(GET);
    expect(await endsOf(book)).toEqual({ ends: { [end]: 1 }, failed: 1 });
    expect(book.held).toBe(hold.max);
  });

  test('as worker-unreachable, with its retries', async () => {
    const { port, stages, book } = await scene(3);
    for (const stage of stages) stage.close();
    const client = await dial(port);
    client.send(GET);
    await client.gets(/^HTTP\/1.1 50[23] /);
    expect(await endsOf(book)).toEqual({ ends: { 'worker-unreachable': 1 }, failed: 1 });
    expect(book).toMatchObject({ retried: 1, retries: 4 });
  }, 10_000);

  test('once, by the worker that answered it, when another was lost with it', async () => {
    const { port, stages, book } = await scene(2);
    const client = await dial(port);
    client.send(GET);
    const first = await stages[1]!.accepts();
    await first.gets('\r\n\r\n');
    expect(book.inFlight).toBe(1);
    first.socket.resetAndDestroy();
    const second = await stages[0]!.accepts();
    await second.gets('\r\n\r\n');
    second.send(OK);
    await client.gets('ok');
    expect(await endsOf(book)).toEqual({ ends: { complete: 1 }, failed: 0 });
    expect(book).toMatchObject({ retried: 1, retries: 1, held: 0 });
  });

  test('with the time that it waited for a worker', async () => {
    const { port, balancer, book, backends, stage } = await scene();
    balancer.swap([]);
    const client = await dial(port);
    client.send(GET);
    await expect.poll(() => balancer.waiting).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    balancer.swap(backends);
    const worker = await stage.accepts();
    await worker.gets('\r\n\r\n');
    worker.send(OK);
    await client.gets('ok');
    expect(await endsOf(book)).toEqual({ ends: { complete: 1 }, failed: 0 });
    expect(book.held).toBe(1);
    expect(book.wait.sumMs).toBeGreaterThan(25);
    expect(book.latency.sumMs).toBeGreaterThan(book.wait.sumMs);
  });

  test('as complete, when one end closes the tunnel that it became', async () => {
    const { book } = await ask(UPGRADE, async (worker, client) => {
      worker.send(SWITCH);
      await client.gets('\r\n\r\n');
      worker.socket.end();
      client.socket.end();
    });
    expect(await endsOf(book)).toEqual({ ends: { complete: 1 }, failed: 0 });
  });
});
