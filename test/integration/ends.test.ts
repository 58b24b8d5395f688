import { describe, expect, test } from 'vitest';
import { AccessLog } from '../../src/proxy/access-log.js';
import type { Book } from '../../src/proxy/book.js';
import { deafPort } from '../kit/deaf.ts';
import { ENGINES, GET, OK, backendAt, through } from '../kit/relay.js';
import { dial } from '../kit/wire.js';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n';
const STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n';

/** How the one request of a book has ended: by what is counted, and by what is written down. */
async function endOf(book: Book) {
  await expect.poll(() => book.total - book.inFlight).toBe(1);
  const [[counted] = []] = book.outcomes.map(({ ends }) => [...ends.keys()]);
  const { end, status, slot } = JSON.parse(written.get(book)!()) as Record<string, unknown>;
  expect(end).toBe(counted);
  return { end, status, slot, failed: book.failed };
}

const written = new Map<Book, () => string>();

/** Has what is told of a book's requests written down. */
function record(book: Book): void {
  let text = '';
  const log = new AccessLog('api', (page) => ((text += page.text), page));
  book.log = log;
  written.set(book, () => (log.flush(), text));
}

describe.each(ENGINES)('by the %s, a request ends', (engine) => {
  /** A client whose `request` its worker has got. */
  async function ask(request: string, options = {}) {
    const all = await through(engine).scene(1, options);
    record(all.book);
    const client = await dial(all.port);
    client.send(request);
    const worker = await all.stage.accepts();
    await worker.gets('\r\n\r\n');
    return { ...all, client, worker, backend: all.backends[0]! };
  }

  /** The same, answered and on its way as a WebSocket. */
  async function tunnel(options = {}) {
    const all = await ask(UPGRADE, options);
    all.worker.send(`${SWITCH}hello`);
    await all.client.gets('hello');
    return all;
  }

  test.each([
    [417, 'an unknown expectation', `${POST}Expect: a miracle\r\nContent-Length: 1\r\n\r\n`],
    [431, 'a long head', GET.replace('\r\n\r\n', `\r\nA: ${'x'.repeat(17_000)}\r\n\r\n`)],
    [431, 'many fields', GET.replace('\r\n\r\n', `\r\n${'A: b\r\n'.repeat(101)}\r\n`)],
    [501, 'CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'],
    [501, 'TRACE', 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [501, 'an unknown coding', `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n`],
  ])('as refused-%i, which is no failure: %s', async (status, _, request) => {
    const { port, book } = await through(engine).scene();
    record(book);
    const client = await dial(port);
    client.send(request);
    expect(await client.ends()).toMatch(`HTTP/1.1 ${status} `);
    expect(await endOf(book)).toEqual({ end: `refused-${status}`, status, slot: null, failed: 0 });
  });

  test('as timeout-connect, with 502, when no worker accepts its connection', async () => {
    const { port, book, balancer } = await through(engine).openRelay('http', { connectTimeout: 20 });
    record(book);
    const deaf = await deafPort();
    balancer.swap([0, 1, 2, 3, 4].map((slot) => backendAt(deaf, slot)));
    const client = await dial(port);
    client.send(GET);
    await client.gets(/^HTTP\/1.1 502 /);
    expect(await endOf(book)).toMatchObject({ end: 'timeout-connect', status: 502, failed: 1 });
    expect(book.retries).toBe(4);
  });

  test('as retired, when it is a stream of events whose worker is about to stop', async () => {
    const { client, worker, backend, book } = await ask(GET);
    worker.send(`${STREAM}data: 1\n\n`);
    await client.gets('data: 1');
    backend.disperse(0, new AbortController().signal);
    await client.ends();
    expect(client.end).toBe('reset');
    expect(await endOf(book)).toEqual({ end: 'retired', status: 200, slot: 0, failed: 0 });
  });

  test('as retired, when it is a WebSocket whose worker is about to stop; last words pass', async () => {
    const { client, worker, backend, book } = await tunnel();
    backend.disperse(0, new AbortController().signal);
    await worker.ends();
    worker.socket.end('last words');
    expect(await client.ends()).toMatch(/last words$/);
    expect(client.end).toBe('fin');
    expect(await endOf(book)).toEqual({ end: 'retired', status: 101, slot: 0, failed: 0 });
  });

  test('as timeout-idle, when nothing moves on a WebSocket', async () => {
    const { client, book } = await tunnel({ tunnelTimeout: 50 });
    await client.ends();
    expect(await endOf(book)).toEqual({ end: 'timeout-idle', status: 101, slot: 0, failed: 0 });
  });

  test('as stopped, with 503, when it waits for a worker', async () => {
    const { port, book, balancer } = await through(engine).openRelay('http');
    record(book);
    const client = await dial(port);
    client.send(GET);
    await expect.poll(() => balancer.waiting).toBe(1);
    balancer.close();
    expect(await client.ends()).toMatch(/^HTTP\/1.1 503 /);
    expect(await endOf(book)).toEqual({ end: 'stopped', status: 503, slot: null, failed: 1 });
  });

  test('as stopped, with a reset, when its worker was still to answer', async () => {
    const { client, relay, book } = await ask(GET);
    relay.close();
    expect(await client.ends()).toBe('');
    expect(client.end).toBe('reset');
    expect(await endOf(book)).toEqual({ end: 'stopped', status: 0, slot: 0, failed: 1 });
  });

  test('as stopped, with a reset behind the part that has come, even one that could pass for the whole', async () => {
    const { client, worker, relay, book } = await ask('GET / HTTP/1.0\r\n\r\n');
    worker.send('HTTP/1.1 200 OK\r\n\r\na part');
    await client.gets('a part');
    relay.close();
    expect(await client.ends()).toMatch(/a part$/);
    expect(client.end).toBe('reset');
    expect(await endOf(book)).toEqual({ end: 'stopped', status: 200, slot: 0, failed: 1 });
  });

  test('as stopped, with the end of its connection, when it is a WebSocket', async () => {
    const { client, worker, relay, book } = await tunnel();
    relay.close();
    await client.ends();
    await worker.ends();
    expect(await endOf(book)).toEqual({ end: 'stopped', status: 101, slot: 0, failed: 1 });
  });

  test('as it had, whatever becomes of its connection later', async () => {
    const { client, worker, relay, book } = await ask(GET);
    worker.send(OK);
    await client.gets('ok');
    relay.close();
    await client.ends();
    expect(client.end).toBe('fin');
    expect(await endOf(book)).toEqual({ end: 'complete', status: 200, slot: 0, failed: 0 });
  });
});
