import { expect, onTestFinished, test, vi } from 'vitest';
import { AsciiPage, piece } from '../../../src/core/ascii-page.js';
import { AccessLog } from '../../../src/proxy/access-log.js';
import { Account } from '../../../src/proxy/account.js';
import { Book } from '../../../src/proxy/book.js';

type Entry = Readonly<Record<string, unknown>>;

/** A log, what it has given away, and requests to be written down there. */
function scene(size?: number) {
  const pages: string[] = [];
  const log = new AccessLog('api', (page) => (pages.push(page.text), new AsciiPage(page.bytes.length)), size);
  const book = new Book();
  book.log = log;
  const account = new Account(book);
  const ask = (line: string, status = 200) => {
    account.open();
    account.client = piece('10.0.0.1');
    account.line.keepText(line);
    account.status = status;
    account.firstByteMs = 1.26;
    account.close('complete', 7);
  };
  const entries = (): readonly Entry[] => {
    log.flush();
    const lines = pages.flatMap((page) => page.trimEnd().split('\n'));
    return lines.map((line) => JSON.parse(line) as Entry);
  };
  return { log, pages, ask, entries };
}

test('thousands of requests are all there, in their order, whole lines in each page', () => {
  const { ask, pages, entries } = scene();
  for (let id = 0; id < 5_000; id++) ask(`GET /${id} HTTP/1.1`, 200 + (id % 300));
  const written = entries();
  expect(written.map(({ target, status }) => [target, status])).toEqual(
    Array.from({ length: 5_000 }, (_, id) => [`/${id}`, 200 + (id % 300)]),
  );
  expect(pages.length).toBeGreaterThan(5);
  for (const page of pages) expect(page.endsWith('}\n')).toBe(true);
});

test('a line has all of its fields, whatever was asked before', () => {
  const { ask, entries } = scene();
  const lines = ['GET / HTTP/1.1', 'POST /a HTTP/1.1', 'GET /b HTTP/1.0', 'GET /"\\ HTTP/1.1', 'no line', ''];
  for (const line of lines) ask(line, 404);
  const asked = entries().map(({ method, target, version }) => [method, target, version]);
  expect(asked).toEqual([
    ['GET', '/', '1.1'],
    ['POST', '/a', '1.1'],
    ['GET', '/b', '1.0'],
    ['GET', '/"\\', '1.1'],
    [null, 'no line', null],
    [null, '', null],
  ]);
  expect(entries()[0]).toMatchObject({ client: '10.0.0.1', status: 404, bytes: 7, ttfbMs: 1.3, end: 'complete' });
});

test('a request line that is longer than what is noted, or than a page, is written whole and in its place', () => {
  const { ask, entries } = scene(4_096);
  const long = `/${'\u00ff'.repeat(60_000)}`;
  const half = `/${'b'.repeat(20_000)}`;
  const targets = ['/1', half, half, long, '/2', long, '/3'];
  for (const target of targets) ask(`GET ${target} HTTP/1.1`);
  expect(entries().map(({ target }) => target)).toEqual(targets);
});

test('the time is that of the end, whenever it is written', () => {
  const { ask, entries } = scene();
  const before = Date.now();
  ask('GET / HTTP/1.1');
  const after = Date.now();
  const until = performance.now() + 30;
  while (performance.now() < until); // what is written late must not look late
  const { time } = entries()[0] as { readonly time: number };
  expect(time).toBeGreaterThanOrEqual(before - 1);
  expect(time).toBeLessThanOrEqual(after + 1);
});

test('the clock may be set from 1970 to the present while the log is kept', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 12_345 });
  onTestFinished(() => void vi.useRealTimers());
  const { log, ask, entries } = scene();
  ask('GET /early HTTP/1.1');
  log.flush();
  vi.setSystemTime(1_700_000_000_000);
  ask('GET /late HTTP/1.1');
  const [early, late] = entries() as readonly { readonly time: number }[];
  expect(early).toMatchObject({ client: '10.0.0.1', target: '/early' });
  expect(late).toMatchObject({ client: '10.0.0.1', target: '/late' });
  expect(Math.abs(early!.time - 12_345)).toBeLessThan(1_000);
  expect(Math.abs(late!.time - 1_700_000_000_000)).toBeLessThan(1_000);
});

test('what nobody has room for is counted page by page, and the next one is tried', () => {
  let takes = false;
  const log = new AccessLog('api', (page) => (takes ? page : undefined), 4_096);
  const book = new Book();
  book.log = log;
  const account = new Account(book);
  const ask = (count: number) => {
    for (let i = 0; i < count; i++) {
      account.open();
      account.close('complete');
    }
    log.flush();
  };
  ask(1_000);
  takes = true;
  ask(500);
  expect(log).toMatchObject({ dropped: 1_000, entries: 500 });
});
