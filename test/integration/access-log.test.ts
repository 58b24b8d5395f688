import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { prettyLine } from '../../src/cli/pretty.js';
import { AccessLog } from '../../src/proxy/access-log.js';
import { Account } from '../../src/proxy/account.js';
import { Book } from '../../src/proxy/book.js';
import { temporaryFolder } from '../kit/folder.ts';
import { startFront } from '../kit/front.ts';
import { ENGINES, GET, OK, through } from '../kit/relay.js';
import { fixture, Release } from '../kit/release.ts';
import { zdlb } from '../kit/verb.ts';
import { dial } from '../kit/wire.js';

type Entry = Readonly<Record<string, unknown>>;

const read = (text: string): readonly Entry[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);

const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

/** What is written of the requests in a book. */
function recording(book: Book) {
  let text = '';
  const log = new AccessLog('api', (page) => ((text += page.text), page));
  book.log = log;
  const entries = async (count: number) => {
    await expect.poll(() => book.total - book.inFlight).toBe(count);
    log.flush();
    return read(text);
  };
  return { log, entries };
}

describe.each(ENGINES)('by the %s, the access log tells of a request', (engine) => {
  const { scene, openRelay } = through(engine);

  test('all that it came to', async () => {
    const { port, stage, book, backends } = await scene();
    const { entries } = recording(book);
    const client = await dial(port);
    client.send('GET /a?b="c\\d" HTTP/1.1\r\nHost: a\r\n\r\n');
    const worker = await stage.accepts();
    await worker.gets('\r\n\r\n');
    worker.send('HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n12345');
    await client.gets('12345');
    expect(backends[0]!.slot).toBe(0);
    const [entry, ...others] = await entries(1);
    expect(others).toEqual([]);
    expect(entry).toEqual({
      level: 30,
      name: 'api',
      time: expect.any(Number) as number,
      event: 'access',
      client: '127.0.0.1',
      method: 'GET',
      target: '/a?b="c\\d"',
      version: '1.1',
      status: 201,
      bytes: 5,
      ttfbMs: expect.any(Number) as number,
      totalMs: expect.any(Number) as number,
      slot: 0,
      generation: 0,
      retries: 0,
      heldMs: 0,
      end: 'complete',
    });
    expect(Math.abs((entry!['time'] as number) - Date.now())).toBeLessThan(10_000);
    expect(entry!['totalMs']).toBeGreaterThanOrEqual(entry!['ttfbMs'] as number);
  });

  test('that was sent to another worker, and that had none', async () => {
    const { port, stages, book, balancer } = await scene(2, { hold: { timeout: 20, max: 1 } });
    const { entries } = recording(book);
    const client = await dial(port);
    client.send(GET);
    const first = await stages[1]!.accepts();
    await first.gets('\r\n\r\n');
    first.socket.resetAndDestroy();
    const second = await stages[0]!.accepts();
    await second.gets('\r\n\r\n');
    second.send(OK);
    await client.gets('ok');
    balancer.swap([]);
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.gets(/503 Service/);
    const [retried, refused] = await entries(2);
    expect(retried).toMatchObject({ retries: 1, slot: 0, end: 'complete' });
    expect(refused).toMatchObject({ method: 'HEAD', status: 503, bytes: 0, slot: null, end: 'timeout-hold' });
    // A timer counts from the beginning of the turn in which it was set, so it may ring early by what that turn had taken.
    expect(refused!['heldMs']).toBeGreaterThan(0);
  });

  test('that became a tunnel: what its client was sent there', async () => {
    const { port, stage, book } = await scene();
    const { entries } = recording(book);
    const client = await dial(port);
    client.send(UPGRADE);
    const worker = await stage.accepts();
    await worker.gets('\r\n\r\n');
    worker.send(`${SWITCH}early`);
    await client.gets('early');
    worker.send(`${'x'.repeat(100_000)}bye`);
    await client.gets('xbye');
    client.send('and from the client');
    await worker.gets('client');
    client.socket.end();
    await worker.ends();
    worker.socket.end('last words');
    await client.ends();
    expect(await entries(1)).toMatchObject([{ status: 101, bytes: 100_018, end: 'complete' }]);
  });

  test('that is none: whatever bytes it is made of stay one line of JSON', async () => {
    const { port, book } = await openRelay('http');
    const { entries } = recording(book);
    const client = await dial(port);
    client.send('GET /\u0001"\u00ff\\ HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.ends();
    const [entry] = await entries(1);
    expect(entry).toMatchObject({ status: 400, end: 'refused-400', slot: null, target: '/\u0001"\u00ff\\' });
    expect(entry!['bytes']).toBe(client.received.split('\r\n\r\n')[1]!.length);
  });
});

test('a sample is one of those that end well; those that do not are all there', async () => {
  const { port, stage, book } = await through('relay').scene();
  const { log, entries } = recording(book);
  log.share = 0;
  const client = await dial(port);
  let worker;
  for (const status of [200, 500, 200, 404]) {
    client.send(GET);
    worker ??= await stage.accepts();
    await worker.gets(new RegExp(`(?:GET [^]*){${client.received.split('HTTP/').length}}\r\n\r\n$`));
    worker.send(OK.replace('200', String(status)));
    await client.gets(new RegExp(`${status} OK[^]*ok$`));
  }
  expect((await entries(4)).map(({ status }) => status)).toEqual([500]);
});

test('entries that nobody takes are counted, and hold up nobody', () => {
  const log = new AccessLog('api', () => undefined);
  const account = new Account(new Book());
  for (let i = 0; i < 1_000; i++) log.write(account, 'complete', 1);
  log.flush();
  expect(log).toMatchObject({ entries: 0, dropped: 1_000 });
});

async function serve(accessLog: string, ...args: readonly string[]) {
  const release = await Release.create(await fixture('load-server.cjs'));
  const front = await startFront({ script: release.script, args: ['--access-log', accessLog, ...args] });
  const ask = async (id: number) => (await fetch(`http://127.0.0.1:${front.port}/now/${id}`)).text();
  return { front, ask };
}

test('a file that is moved away is followed by a new one, and no request is missing', async () => {
  const file = join(temporaryFolder(), 'access.log');
  const { front, ask } = await serve(file);
  await ask(0);
  await expect.poll(() => read(readFileSync(file, 'utf8')).length).toBe(1);
  renameSync(file, `${file}.1`);
  let asked = 1;
  await expect
    .poll(
      async () => {
        await ask(asked++);
        return existsSync(file) && readFileSync(file, 'utf8') !== '';
      },
      { timeout: 10_000 },
    )
    .toBe(true);
  front.signal('SIGTERM');
  await front.exited;
  const entries = [`${file}.1`, file].flatMap((path) => read(readFileSync(path, 'utf8')));
  const ids = entries.map(({ target }) => Number((target as string).split('/')[2]));
  expect(ids.toSorted((one, other) => one - other)).toEqual(Array.from({ length: asked }, (_, id) => id));
  expect(entries[0]).toMatchObject({ name: 'server', generation: 1, status: 200 });
});

test('a disk that is full is named, and stops no request', async () => {
  const { front, ask } = await serve('/dev/full');
  expect(await ask(1)).toBe('1');
  expect(await front.event('access-log.failed')).toMatchObject({ msg: expect.stringMatching(/ENOSPC/) as string });
  expect(await ask(2)).toBe('2');
  expect(await front.stop()).toEqual({ code: 0, signal: null });
});

test('one that goes to standard output is no part of what zdlb logs shows', async () => {
  const { front, ask } = await serve('on');
  await ask(1);
  expect(await front.event('access')).toMatchObject({ target: '/now/1', status: 200, end: 'complete' });
  const { stdout } = await zdlb(['logs'], front);
  expect(stdout).toMatch(/is ready after/);
  expect(stdout).not.toMatch(/now/);
});

test('for people, what a client sent gives no orders to their terminal', async () => {
  const inWords = await prettyLine(false);
  const entry = { level: 30, time: 0, event: 'access', client: '::1', method: '\u001b]0;x\u0007', target: '\u009b2J' };
  expect(inWords(JSON.stringify(entry))).toMatch(/^\[[^\]]+\] INFO: ::1 \\u001b\]0;x\\u0007 "\\u009b2J" [ -~]*\n$/);
});

test('a file that cannot be written to ends the start', async () => {
  const args = ['--port', '1', '--access-log', '/nowhere/access.log', 'server.js'];
  expect(await zdlb(args, { cwd: temporaryFolder(), home: temporaryFolder() })).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^zdlb: Cannot write the access log \/nowhere\/access.log: /) as string,
  });
});
