import { describe, expect, test } from 'vitest';
import { ENGINES, GET, OK, through } from '../kit/relay.js';

describe.each(ENGINES)('by the %s', (engine) => {
  const { exchange } = through(engine);

  describe('a response body reaches the client as it was framed', () => {
    test.each([
      ['a length', GET, OK],
      ['chunks', GET, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
      ['HEAD', GET.replace('GET', 'HEAD'), 'HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n'],
      ['204', GET, 'HTTP/1.1 204 No Content\r\nA: b\r\n\r\n'],
      ['304', GET, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 20000\r\n\r\n'],
    ])('%s, and both connections stay open for the next', async (_name, request, response) => {
      const { client, worker } = await exchange(request, response);
      expect(await client.gets(response)).toBe(response);
      client.send(GET);
      await worker.gets(/\r\n\r\n[^]*\r\n\r\n/);
      worker.send(OK);
      expect(await client.gets(response + OK)).toBe(response + OK);
    });

    test('one that ends with the connection ends the client connection', async () => {
      const { client, worker } = await exchange(GET, 'HTTP/1.1 200 OK\r\n\r\nabc');
      worker.send('def');
      worker.socket.end();
      expect(await client.ends()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcdef');
      expect(client.end).toBe('fin');
    });

    test('chunks lose their coding on the way to HTTP/1.0', async () => {
      const { client } = await exchange(
        'GET / HTTP/1.0\r\n\r\n',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      );
      expect(await client.ends()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok');
    });

    test('a kept-alive HTTP/1.0 client is told so', async () => {
      const { client } = await exchange('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', OK);
      expect(await client.gets('ok')).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok');
    });
  });

  describe('a request body reaches the worker as it was framed', () => {
    test('an answer before its end does not take the connection out of step', async () => {
      const { client, worker } = await exchange('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe', OK);
      await client.gets('ok');
      client.send(`llo${GET}`);
      await worker.gets(GET);
      worker.send(OK);
      expect(await client.gets(/ok.*ok/s)).toBe(OK + OK);
    });
  });
});

describe('the relay', () => {
  const { exchange } = through('relay');

  test('passes on a response in pieces of one byte as it was framed', async () => {
    const response = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\nabc\r\n0\r\n\r\n';
    const { client, worker } = await exchange(GET, '');
    for (const byte of response) {
      worker.send(byte);
      await new Promise(setImmediate);
    }
    expect(await client.gets('0\r\n\r\n')).toBe(response);
  });

  test('passes on interim responses, but not to HTTP/1.0', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n';
    const { client } = await exchange(GET, interim + interim + OK);
    expect(await client.gets('ok')).toBe(interim + interim + OK);
    const old = await exchange('GET / HTTP/1.0\r\n\r\n', interim + OK);
    expect(await old.client.ends()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
  });

  test.each([
    ['a length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n', 'hello'],
    [
      'chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
      '5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n',
    ],
  ])('passes on a request body by %s, with its head or behind it', async (_name, head, body) => {
    const together = await exchange(head + body, OK);
    expect(await together.worker.gets(body)).toBe(head + body);
    const apart = await exchange(head, '');
    for (const byte of body) {
      apart.client.send(byte);
      await new Promise(setImmediate);
    }
    expect(await apart.worker.gets(body)).toBe(head + body);
    apart.worker.send(OK);
    expect(await apart.client.gets('ok')).toBe(OK);
  });

  test('waits for 100 (Continue), and passes it on', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
    const { client, worker } = await exchange(head, 'HTTP/1.1 100 Continue\r\n\r\n');
    await client.gets('Continue\r\n\r\n');
    client.send('hello');
    expect(await worker.gets('hello')).toBe(`${head}hello`);
    worker.send(OK);
    expect(await client.gets('ok')).toBe(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
  });

  test('closes the connection when the body will never come, since the answer came instead of 100', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
    const refusal = 'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n';
    const { client } = await exchange(head, refusal);
    expect(await client.ends()).toBe(refusal);
  });
});
