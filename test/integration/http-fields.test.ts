import { describe, expect, test } from 'vitest';
import { OK, type RelayOptions, backendAt, exchange, openRelay } from '../kit/relay.js';
import { Stage, dial } from '../kit/wire.js';

const get = (fields = '') => `GET / HTTP/1.1\r\nHost: a.example:80\r\n${fields}\r\n`;

const set = (port: number) =>
  `X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example:80\r\nX-Forwarded-Port: ${port}\r\n`;

/** What the worker sees of a request. */
async function seen(request: string, options: RelayOptions): Promise<{ readonly text: string; readonly port: number }> {
  const { worker, port } = await exchange(request, OK, options);
  return { text: worker.received, port };
}

describe('X-Forwarded-* fields', () => {
  const FORGED =
    'X-Forwarded-For: 9.9.9.9\r\nx-forwarded-proto: https\r\nX-Forwarded-Host: b\r\nX-Forwarded-Port: 443\r\nX_Forwarded_For: 8.8.8.8\r\nX-Other: 1\r\n';
  test("are set from the socket for a worker without an agent, and a client's own are replaced", async () => {
    const { text, port } = await seen(get(FORGED), { forwarded: 'auto' });
    expect(text).toBe(`GET / HTTP/1.1\r\n${set(port)}Host: a.example:80\r\nX-Other: 1\r\n\r\n`);
  });

  test('of a trusted proxy are kept and added to', async () => {
    const { text } = await seen(get(`${FORGED}X-Forwarded-For: 7.7.7.7\r\n`), {
      forwarded: 'on',
      trusts: (address) => address === '127.0.0.1',
    });
    expect(text).toBe(
      'GET / HTTP/1.1\r\nX-Forwarded-For: 9.9.9.9, 7.7.7.7, 127.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\nX-Forwarded-Port: 443\r\nHost: a.example:80\r\nX-Other: 1\r\n\r\n',
    );
  });

  test('pass as they came with --forwarded off', async () => {
    expect((await seen(get(FORGED), { forwarded: 'off' })).text).toBe(get(FORGED));
  });

  test("can't be removed by naming them in Connection", async () => {
    const { text, port } = await seen(get('Connection: X-Forwarded-For, X-Forwarded-Proto\r\n'), { forwarded: 'on' });
    expect(text).toContain(set(port));
  });
});

describe('X-Request-Id', () => {
  const ID = /\r\nX-Request-Id: [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\r\n/;

  test('is made where there is none, or an empty one', async () => {
    expect((await seen(get(), { requestId: true })).text).toMatch(ID);
    expect((await seen(get('X-Request-Id:\r\n'), { requestId: true })).text).toMatch(ID);
  });

  test('is kept where there is one', async () => {
    expect((await seen(get('X-Request-Id: mine\r\n'), { requestId: true })).text).toBe(get('X-Request-Id: mine\r\n'));
  });

  test('is the same at every worker that gets the request', async () => {
    const [one, two] = [await Stage.open(), await Stage.open()];
    const { port, balancer } = await openRelay('http', { requestId: true });
    balancer.swap([backendAt(one.port), backendAt(two.port)]);
    const client = await dial(port);
    client.send(get());
    const first = await two.accepts();
    const text = await first.gets('\r\n\r\n');
    first.socket.resetAndDestroy();
    const second = await one.accepts();
    expect(await second.gets('\r\n\r\n')).toBe(text);
  });
});

describe('trailers', () => {
  const CHUNKED = 'Transfer-Encoding: chunked\r\n';
  const BODY = '2\r\nhi\r\n0\r\nX-Sum: 5\r\nHost: evil\r\n\r\n';
  const answer = `HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\n${CHUNKED}\r\n`;

  test('of a request go on to the worker, but for those that would be believed as fields', async () => {
    const { worker } = await exchange(`POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\n${CHUNKED}\r\n${BODY}`, '');
    expect(await worker.gets('X-Sum: 5')).toBe(
      `POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\n${CHUNKED}\r\n2\r\nhi\r\n0\r\nX-Sum: 5\r\n\r\n`,
    );
  });

  test('of an answer go on to a client that takes them, whose worker is told so', async () => {
    const { client, worker } = await exchange(get('TE: trailers\r\n'), `${answer}${BODY}`);
    expect(await client.gets('\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 5\r\n\r\n')).toBe(
      `${answer}2\r\nhi\r\n0\r\nX-Sum: 5\r\n\r\n`,
    );
    expect(worker.received).toBe(get('TE: trailers\r\nConnection: TE\r\n'));
  });

  test('of an answer are dropped for any other client', async () => {
    const { client } = await exchange(get(), `${answer}${BODY}`);
    expect(await client.gets('0\r\n\r\n')).toBe(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n2\r\nhi\r\n0\r\n\r\n`);
  });
});
