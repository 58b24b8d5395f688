import { describe, expect, test } from 'vitest';
import { ENGINES, GET, exchange, scene } from '../kit/relay.js';
import { dial } from '../kit/wire.js';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';

describe.each(ENGINES)('by the %s,', (engine) => {
  /** What a client gets for bytes that never become a whole request, or not one that is passed on. */
  async function answerTo(bytes: string, settings = {}): Promise<string> {
    const { port, backends } = await scene(1, { engine, ...settings });
    const client = await dial(port);
    client.send(bytes);
    const answer = await client.ends();
    expect(client.end).toBe('fin');
    expect(backends[0]!.leases).toBe(0);
    return answer;
  }

  test.each([
    ['a head that is too long', 431, `GET / HTTP/1.1\r\nHost: a\r\nA: ${'x'.repeat(17_000)}\r\n\r\n`, {}],
    ['too many fields', 431, `GET / HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(50)}\r\n`, { maxFields: 50 }],
    ['a target that is too long', 414, `GET /${'x'.repeat(9_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, {}],
    ['a body that says it is too long', 413, `${POST}Content-Length: 11\r\n\r\n`, { maxBodySize: 10 }],
    ['a head that takes too long', 408, 'GET / HTTP/1.1\r\nHost:', { headerTimeout: 100 }],
    ['another version', 505, 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', {}],
    ['HTTP/2', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', {}],
    ['CONNECT', 501, 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', {}],
    ['TRACE', 501, 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', {}],
    ['an unknown coding', 501, `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n`, {}],
    ['an unknown expectation', 417, `${POST}Expect: a miracle\r\nContent-Length: 1\r\n\r\n`, {}],
    ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n', {}],
    ['two Hosts', 400, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', {}],
    ['two framings', 400, `${POST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, {}],
    ['bare line feeds', 400, 'GET / HTTP/1.1\nHost: a\n\n', {}],
  ])('%s gets %d', async (_name, status, bytes, settings) => {
    expect(await answerTo(bytes, settings)).toMatch(
      new RegExp(`^HTTP/1.1 ${status} .*\r\nConnection: close\r\n\r\n`, 's'),
    );
  });

  test('a body that grows too long gets 413, and the worker is left', async () => {
    const via = { engine, maxBodySize: 10 };
    const { client, worker } = await exchange(`${POST}Transfer-Encoding: chunked\r\n\r\n`, '', via);
    client.send('b\r\nhello world\r\n');
    expect(await client.ends()).toMatch(/^HTTP\/1.1 413 /);
    await worker.ends();
  });

  test('a body that pauses too long gets 408, and the worker is left', async () => {
    const via = { engine, bodyTimeout: 100 };
    const { client, worker } = await exchange(`${POST}Content-Length: 2\r\n\r\nx`, '', via);
    expect(await client.ends()).toMatch(/^HTTP\/1.1 408 /);
    await worker.ends();
  });

  test('a worker that takes too long gets its client a 504', async () => {
    const { client, worker } = await exchange(GET, '', { engine, responseTimeout: 100 });
    await client.gets(/^HTTP\/1.1 504 /);
    await worker.ends();
  });

  test('an idle client is closed without a word', async () => {
    const { port } = await scene(1, { engine, keepAliveTimeout: 100 });
    expect(await (await dial(port)).ends()).toBe('');
  });

  test('an idle tunnel is closed', async () => {
    const upgrade = 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: a\r\nConnection: Upgrade\r\n\r\n';
    const answer = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: Upgrade\r\n\r\n';
    const { client, worker } = await exchange(upgrade, answer, { engine, tunnelTimeout: 200 });
    await client.gets(answer);
    await Promise.all([client.ends(), worker.ends()]);
  });
});
