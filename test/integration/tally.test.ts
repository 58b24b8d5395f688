import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ENGINES, GET, OK, backendAt, through } from '../kit/relay.js';
import { dial } from '../kit/wire.js';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n';
const answer = (status: number) => `HTTP/1.1 ${status} Whatever\r\nContent-Length: 2\r\n\r\nok`;

describe.each(ENGINES)('by the %s, what clients are answered is counted for the worker:', (engine) => {
  const { scene, exchange, openRelay } = through(engine);

  test.each([
    [200, { answers: 1, errors: 0 }],
    [404, { answers: 1, errors: 0 }],
    [499, { answers: 1, errors: 0 }],
    [500, { answers: 1, errors: 1 }],
    [503, { answers: 1, errors: 1 }],
  ])('its own %d', async (status, tally) => {
    const { client, backend } = await exchange(GET, answer(status));
    await client.gets('ok');
    expect(backend.tally).toMatchObject(tally);
  });

  test('each of a connection once, however many parts it comes in', async () => {
    const { client, worker, backend } = await exchange(GET, OK);
    await client.gets('ok');
    client.send(GET);
    await worker.gets(GET + GET);
    const parts = ['HTTP/1.1 50', '0 No\r\nContent-', 'Length: 4\r\n\r\n', 'a', 'b', 'c', 'd'];
    for (const part of parts) {
      worker.send(part);
      await turn();
    }
    await client.gets('abcd');
    expect(backend.tally).toMatchObject({ answers: 2, errors: 1 });
  });

  test('no interim responses', async () => {
    const { client, backend } = await exchange(GET, `HTTP/1.1 103 Early Hints\r\n\r\n${OK}`);
    await client.gets('ok');
    expect(backend.tally).toMatchObject({ answers: 1, errors: 0 });
  });

  test('a switch to another protocol, once', async () => {
    const { client, worker, backend } = await exchange(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n',
    );
    await client.gets('\r\n\r\n');
    worker.send('and so on');
    await client.gets('and so on');
    expect(backend.tally).toMatchObject({ answers: 1, errors: 0 });
  });

  test.each(['nonsense\r\n\r\n', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n'])(
    'the 502 to what is no answer (%j)',
    async (nonsense) => {
      const { client, backend } = await exchange(GET, nonsense);
      await client.gets(/^HTTP\/1.1 502 /);
      expect(backend.tally).toMatchObject({ answers: 1, errors: 1 });
    },
  );

  test('the 502 when it was lost with a request that no other may get', async () => {
    const { client, worker, backend } = await exchange(`${POST}hi`, '');
    worker.socket.resetAndDestroy();
    await client.gets(/^HTTP\/1.1 502 /);
    expect(backend.tally).toMatchObject({ answers: 1, errors: 1 });
  });

  test('the 504 when it was late', async () => {
    const { client, backend } = await exchange(GET, '', { responseTimeout: 50 });
    await client.gets(/^HTTP\/1.1 504 /);
    expect(backend.tally).toMatchObject({ answers: 1, errors: 1 });
  });

  test('nothing when another answered in its place', async () => {
    const { port, stages, backends } = await scene(2);
    const client = await dial(port);
    client.send(GET);
    const first = await stages[1]!.accepts();
    await first.gets('\r\n\r\n');
    first.socket.resetAndDestroy();
    const second = await stages[0]!.accepts();
    await second.gets('\r\n\r\n');
    second.send(OK);
    await client.gets('ok');
    expect(backends.map(({ tally }) => tally)).toMatchObject([
      { answers: 1, errors: 0 },
      { answers: 0, errors: 0 },
    ]);
  });

  test('the 502 for the last of those that could not be reached', async () => {
    const { port, stages, backends } = await scene(3);
    for (const stage of stages) stage.close();
    const client = await dial(port);
    client.send(GET);
    await client.gets(/^HTTP\/1.1 502 /);
    const tallies = backends.map(({ tally }) => tally);
    expect(tallies.filter(({ answers, errors }) => answers === 1 && errors === 1)).toHaveLength(1);
    expect(tallies.filter(({ answers, errors }) => answers === 0 && errors === 0)).toHaveLength(2);
  });

  test('an answer that is cut short, by the status that it began with', async () => {
    const { client, worker, backend } = await exchange(GET, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok');
    await client.gets('ok');
    worker.socket.resetAndDestroy();
    await client.ends();
    expect(backend.tally).toMatchObject({ answers: 1, errors: 0 });
  });

  test('nothing for a client that has gone', async () => {
    const { client, worker, backend } = await exchange(`${POST}hi`, '');
    client.socket.resetAndDestroy();
    await worker.ends();
    expect(backend.tally).toMatchObject({ answers: 0, errors: 0 });
  });

  test('no refusal of the front: nonsense, a body too large, or too late', async () => {
    const settings = { maxBodySize: 4, bodyTimeout: 50 };
    const { port, backends } = await scene(1, settings);
    const requests: [string, RegExp][] = [
      ['nonsense\r\n\r\n', / 400 /],
      [POST.replace('2', '5'), / 413 /],
      [`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`, / 400 /],
      [`${POST}h`, / 408 /],
    ];
    for (const [request, status] of requests) {
      const client = await dial(port);
      client.send(request);
      await client.gets(status);
    }
    expect(backends[0]!.tally).toMatchObject({ answers: 0, errors: 0 });
  });

  test('no 503 while nobody was ready', async () => {
    const { port, balancer } = await openRelay('http', { hold: { timeout: 50, max: 1 } });
    const backend = backendAt(1);
    balancer.swap([backend]);
    balancer.swap([]);
    const client = await dial(port);
    client.send(GET);
    await client.gets(/^HTTP\/1.1 503 /);
    expect(backend.tally).toMatchObject({ answers: 0, errors: 0 });
  });
});

test('in tcp mode, no answers are counted', async () => {
  const { openRelay } = through('relay');
  const { port, balancer } = await openRelay('tcp');
  const { backends, stage } = await through('relay').scene();
  balancer.swap(backends);
  const client = await dial(port);
  client.send(GET);
  const worker = await stage.accepts();
  await worker.gets(GET);
  worker.send(OK);
  await client.gets('ok');
  expect(backends[0]!.tally).toMatchObject({ answers: 0, errors: 0 });
});
