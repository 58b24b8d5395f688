import { describe, expect, test } from 'vitest';
import { ENGINES, GET, OK, through } from '../kit/relay.js';
import type { HttpEngine } from '../../src/proxy/http-engine.js';
import { type Wire, dial } from '../kit/wire.js';

/** Sends `request`, loses the worker that gets it, and hands the scene over. */
async function lose(engine: HttpEngine, request: string, lose_: (worker: Wire) => void) {
  const { port, stages } = await through(engine).scene(2);
  const client = await dial(port);
  client.send(request);
  const first = await stages[1]!.accepts();
  await first.gets('\r\n\r\n');
  lose_(first);
  return { client, other: stages[0]! };
}

describe.each(ENGINES)('by the %s, when a worker is lost', (engine) => {
  const { scene, exchange } = through(engine);

  test('before a byte of the answer, an idempotent request is answered by another', async () => {
    const { client, other } = await lose(engine, `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`, (worker) =>
      worker.socket.resetAndDestroy(),
    );
    const worker = await other.accepts();
    expect(await worker.gets('hi')).toBe('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi');
    worker.send(OK);
    expect(await client.gets('ok')).toBe(OK);
  });

  test('before a byte of the answer, a POST with an Idempotency-Key is answered by another', async () => {
    const request = 'POST / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: 5\r\nContent-Length: 2\r\n\r\nhi';
    const { client, other } = await lose(engine, request, (worker) => worker.socket.resetAndDestroy());
    const worker = await other.accepts();
    expect(await worker.gets('hi')).toBe(request);
    worker.send(OK);
    expect(await client.gets('ok')).toBe(OK);
  });

  test('before a byte of the answer, any other is answered with 502, and sent to nobody else, and the connection goes on', async () => {
    const { client, other } = await lose(
      engine,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi',
      (worker) => worker.socket.end(),
    );
    expect(await client.gets('answered\n')).toMatch(/^HTTP\/1.1 502 /);
    client.send(GET);
    const next = await other.accepts();
    expect(await next.gets('\r\n\r\n')).toBe(GET);
  });

  test.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n'],
  ])('in the middle of an answer with %s, the client is cut off', async (_name, part) => {
    const { client } = await lose(engine, GET, (worker) => {
      worker.send(part);
      worker.socket.end();
    });
    await client.ends();
    expect(client.end).toBe('reset');
  });

  test('while it is idle, the next request goes to another', async () => {
    const { port, stages } = await scene(2);
    const client = await dial(port);
    client.send(GET);
    const first = await stages[1]!.accepts();
    await first.gets(GET);
    first.send(OK);
    await client.gets('ok');
    first.socket.end();
    await first.ends();
    stages[1]!.close();
    const serve = async (): Promise<void> => {
      const worker = await stages[0]!.accepts();
      worker.socket.on('data', () => worker.send(OK));
      if (worker.received !== '') worker.send(OK);
      await serve();
    };
    void serve();
    const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n!';
    client.send(POST);
    await client.gets(/ok.*ok/s);
    client.send(POST);
    await client.gets(/ok.*ok.*ok/s);
  });

  test('and it cannot be reached, nothing was sent, so even a POST goes to another', async () => {
    const { port, stages } = await scene(2);
    stages[1]!.close();
    const client = await dial(port);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n!');
    const worker = await stages[0]!.accepts();
    await worker.gets('!');
    worker.send(OK);
    expect(await client.gets('ok')).toBe(OK);
  });

  test.each([
    'nonsense\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n',
    `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(100_000)}`,
  ])('to nonsense (%j), the client gets 502 and the connection is not used again', async (nonsense) => {
    const { client, worker } = await exchange(GET, nonsense);
    expect(await client.gets('answered\n')).toMatch(/^HTTP\/1.1 502 /);
    await worker.ends();
  });

  test('to bytes behind an answer, the answer stands and the connection is not used again', async () => {
    const { client, worker } = await exchange(GET, `${OK}HTTP/1.1 200 OK\r\n\r\n`);
    expect(await client.gets('ok')).toBe(OK);
    await worker.ends();
    client.send(GET);
    expect(client.received).toBe(OK);
  });

  test('a kept-alive HTTP/1.0 client is told that its connection goes on', async () => {
    const { client, worker } = await exchange('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', 'nonsense\r\n');
    await worker.ends();
    expect(await client.gets('answered\n')).toMatch(/^HTTP\/1.1 502 .*\r\nConnection: keep-alive\r\n/s);
  });
});

describe('by the relay, when a worker is lost', () => {
  const { exchange } = through('relay');

  test('behind an interim response, an idempotent request is not repeated', async () => {
    const { client } = await lose('relay', GET, (worker) => {
      worker.send('HTTP/1.1 103 Early Hints\r\n\r\n');
      worker.socket.end();
    });
    expect(await client.gets('answered\n')).toMatch(/^HTTP\/1.1 103 Early Hints\r\n\r\nHTTP\/1.1 502 /);
  });

  test.each([200, 10_000])(
    'to a burst of %d interim responses, the client gets 502 and the front lives',
    async (count) => {
      const { client, worker } = await exchange(GET, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(count));
      expect(await client.gets('answered\n')).toMatch(/HTTP\/1.1 502 /);
      await worker.ends();
    },
  );
});

describe.each(ENGINES)(
  'by the %s, an idle connection to a worker without an agent, which may close it when it likes,',
  (engine) => {
    const { exchange } = through(engine);
    const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n';

    test.each([
      ['is used again for a request that could be sent twice', GET, OK, 1],
      ['is not used for any other', POST, OK, 2],
      [
        'is not used shortly before the time that it announced',
        GET,
        OK.replace('\r\n', '\r\nKeep-Alive: max=9, timeout=1\r\n'),
        2,
      ],
      [
        'is used well before the time that it announced',
        GET,
        OK.replace('\r\n', '\r\nKeep-Alive: timeout=5, max=9\r\n'),
        1,
      ],
    ])('%s', async (_name, second, answer, connections) => {
      const { client, worker, stage } = await exchange(GET, answer);
      await client.gets('ok');
      client.send(second);
      const used = connections === 1 ? worker : await stage.accepts();
      await used.gets(connections === 1 ? GET + second : second);
      used.send(OK);
      expect(await client.gets(/ok.*ok$/s)).toBe(OK + OK);
    });

    test('is not used after two seconds', async () => {
      const { client, stage } = await exchange(GET, OK);
      await client.gets('ok');
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      client.send(GET);
      await (await stage.accepts()).gets(GET);
    });
  },
);
