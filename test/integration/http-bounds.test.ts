import { describe, expect, test } from 'vitest';
import { GET, OK, exchange, scene } from '../kit/relay.js';
import { dial } from '../kit/wire.js';

const REFUSED = (status: number) =>
  new RegExp(`^HTTP/1.1 ${status} [A-Za-z ]+\\r\\n.*Connection: close\\r\\n\\r\\n.+\\n$`, 's');
const post = (fields: string) => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

describe('a request is refused when', () => {
  test.each([
    [
      'its head is longer than --max-head-size',
      { maxHeadSize: 1_024 },
      `GET / HTTP/1.1\r\nHost: a\r\nA: ${'b'.repeat(1_024)}\r\n\r\n`,
      431,
    ],
    [
      'it has more fields than --max-fields',
      { maxFields: 3 },
      `GET / HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(3)}\r\n`,
      431,
    ],
    [
      'its target is longer than --max-target-size',
      { maxTargetSize: 64 },
      `GET /${'a'.repeat(64)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      414,
    ],
    ['its body is announced longer than --max-body-size', { maxBodySize: 5 }, post('Content-Length: 6\r\n'), 413],
  ])('%s', async (_name, options, request, status) => {
    const { port, backends } = await scene(1, options);
    const client = await dial(port);
    client.send(request);
    expect(await client.ends()).toMatch(REFUSED(status));
    expect(client.end).toBe('fin');
    expect(backends[0]!.leases).toBe(0);
  });

  test('its chunks are more than --max-body-size: the worker is cut off, and the client told', async () => {
    const { client, worker } = await exchange(post('Transfer-Encoding: chunked\r\n'), '', { maxBodySize: 5 });
    client.send('3\r\nabc\r\n');
    await worker.gets('abc');
    client.send('3\r\ndef\r\n');
    expect(await client.ends()).toMatch(REFUSED(413));
    expect(await worker.ends()).not.toContain('def');
  });

  test('it pauses within its body for longer than --body-timeout', async () => {
    const { client, worker } = await exchange(post('Content-Length: 5\r\n'), '', { bodyTimeout: 50 });
    client.send('he');
    expect(await client.ends()).toMatch(REFUSED(408));
    await worker.ends();
  });

  test('its head takes longer than --header-timeout, whatever comes meanwhile', async () => {
    const { port } = await scene(1, { headerTimeout: 200 });
    const client = await dial(port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n');
    const trickle = setInterval(() => client.socket.writable && client.send('A: b\r\n'), 20);
    expect(await client.ends()).toMatch(REFUSED(408));
    clearInterval(trickle);
  });
});

test.each([
  [
    'head of exactly --max-head-size',
    { maxHeadSize: 1_024 },
    `GET / HTTP/1.1\r\nHost: a\r\nA: ${'b'.repeat(1_024 - 32)}\r\n\r\n`,
  ],
  ['body of exactly --max-body-size', { maxBodySize: 5 }, `${post('Content-Length: 5\r\n')}hello`],
  [
    'chunks of exactly --max-body-size',
    { maxBodySize: 5 },
    `${post('Transfer-Encoding: chunked\r\n')}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`,
  ],
])('a %s passes', async (_name, options, request) => {
  const { client, worker } = await exchange(request, '', options);
  expect(await worker.gets(request)).toBe(request);
  worker.send(OK);
  expect(await client.gets('ok')).toBe(OK);
});

describe('a worker that does not begin its answer within --response-timeout', () => {
  test('costs its client a 504, and the connection goes on', async () => {
    const { client, worker, stage } = await exchange(GET, '', { responseTimeout: 50 });
    expect(await client.gets('answer\n')).toMatch(/^HTTP\/1.1 504 /);
    await worker.ends();
    client.send(GET);
    const next = await stage.accepts();
    await next.gets(GET);
    next.send(OK);
    await client.gets(/ok$/);
  });

  test('is not asked again elsewhere, be the request ever so idempotent', async () => {
    const { port, stages, backends } = await scene(2, { responseTimeout: 50 });
    const client = await dial(port);
    client.send(GET);
    await stages[1]!.accepts();
    await client.gets(/^HTTP\/1.1 504 /);
    expect(backends.map(({ leases }) => leases)).toEqual([0, 0]);
  });

  test('may take its time once it has begun', async () => {
    const { client, worker } = await exchange(GET, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', {
      responseTimeout: 50,
    });
    await client.gets('\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 1_200)); // two sweeps for overdue connections
    worker.send('ok');
    expect(await client.gets('ok')).toBe(OK);
  });
});

test('a worker that sends its head byte by byte has no more time for it', async () => {
  const { client, worker } = await exchange(GET, 'HTTP/1.1 200 OK\r\nA: ', { responseTimeout: 200 });
  const trickle = setInterval(() => worker.socket.writable && worker.send('b'), 20);
  await client.gets(/^HTTP\/1.1 504 /);
  clearInterval(trickle);
});

test('a worker that never asks for a body which its client holds back costs a 504', async () => {
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n';
  const { client } = await exchange(head, '', { bodyTimeout: 50 });
  expect(await client.ends()).toMatch(REFUSED(504));
});

test('a connection on which empty lines trickle in is not kept for ever', async () => {
  const { port } = await scene();
  const client = await dial(port);
  for (let line = 0; line < 10 && client.end === undefined; line++) {
    for (const part of ['\r', '\n']) {
      client.socket.write(part);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  expect(await client.ends()).toBe('');
});

test('an upload goes on when --max-buffer-size is lowered meanwhile', async () => {
  const size = 4_000_000;
  const head = `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`;
  const { client, worker, relay } = await exchange(head, '', { maxBufferSize: 16_000_000 });
  worker.socket.pause();
  client.send('x'.repeat(size));
  await new Promise((resolve) => setTimeout(resolve, 200));
  relay.settings = { ...relay.settings, maxBufferSize: 65_536 };
  worker.socket.resume();
  while (worker.received.length < head.length + size) await new Promise((resolve) => setTimeout(resolve, 10));
});

test('a tunnel that lies idle for --tunnel-timeout is closed', async () => {
  const upgrade = 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n';
  const answer = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n';
  const { client, worker } = await exchange(upgrade, answer, { tunnelTimeout: 50 });
  await client.gets(answer);
  await Promise.all([client.ends(), worker.ends()]);
});

test('a connection that lies idle for --keep-alive-timeout is closed', async () => {
  const { client } = await exchange(GET, OK, { keepAliveTimeout: 50 });
  expect(await client.ends()).toBe(OK);
  expect(client.end).toBe('fin');
});

test('settings that change hold from the next request on', async () => {
  const { client, relay } = await exchange(GET, OK);
  await client.gets('ok');
  relay.settings = { ...relay.settings, maxTargetSize: 64 };
  client.send(`GET /${'a'.repeat(64)} HTTP/1.1\r\nHost: a\r\n\r\n`);
  expect(await client.ends()).toMatch(/ok.*HTTP\/1.1 414 /s);
});
