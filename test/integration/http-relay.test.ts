import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { backendAt, openRelay } from '../kit/relay.js';
import { Stage, type Wire, dial } from '../kit/wire.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A relay in front of `count` hand-played workers. */
async function scene(count = 1) {
  const stages = await Promise.all(Array.from({ length: count }, () => Stage.open()));
  const relay = await openRelay('http');
  const backends = stages.map((stage) => backendAt(stage.port));
  relay.balancer.swap(backends);
  return { ...relay, stages, backends, stage: stages[0]! };
}

/** Sends `request` and answers it with `response`; what each side got. */
async function exchange(request: string, response: string) {
  const { port, stage, backends } = await scene();
  const client = await dial(port);
  client.send(request);
  const worker = await stage.accepts();
  await worker.gets('\r\n\r\n');
  worker.send(response);
  return { port, stage, client, worker, backend: backends[0]! };
}

describe('a response body reaches the client as it was framed', () => {
  test.each([
    ['a length', GET, OK],
    ['chunks', GET, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\nabc\r\n0\r\n\r\n'],
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

  test('in pieces of one byte', async () => {
    const response = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
    const { client, worker } = await exchange(GET, '');
    for (const byte of response) {
      worker.send(byte);
      await new Promise(setImmediate);
    }
    expect(await client.gets('0\r\n\r\n')).toBe(response);
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

  test('interim responses go before it, but not to HTTP/1.0', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n';
    const { client } = await exchange(GET, interim + interim + OK);
    expect(await client.gets('ok')).toBe(interim + interim + OK);
    const old = await exchange('GET / HTTP/1.0\r\n\r\n', interim + OK);
    expect(await old.client.ends()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
  });
});

describe('a request body reaches the worker as it was framed', () => {
  test.each([
    ['a length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n', 'hello'],
    [
      'chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
      '5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n',
    ],
  ])('%s, with its head or behind it', async (_name, head, body) => {
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

  test('an answer before its end does not take the connection out of step', async () => {
    const { client, worker } = await exchange('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe', OK);
    await client.gets('ok');
    client.send(`llo${GET}`);
    await worker.gets(GET);
    worker.send(OK);
    expect(await client.gets(/ok.*ok/s)).toBe(OK + OK);
  });

  test('100 (Continue) is waited for, and passed on', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
    const { client, worker } = await exchange(head, 'HTTP/1.1 100 Continue\r\n\r\n');
    await client.gets('Continue\r\n\r\n');
    client.send('hello');
    expect(await worker.gets('hello')).toBe(`${head}hello`);
    worker.send(OK);
    expect(await client.gets('ok')).toBe(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
  });

  test('a body that will never come, since the answer came instead of 100, closes the connection', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
    const refusal = 'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n';
    const { client } = await exchange(head, refusal);
    expect(await client.ends()).toBe(refusal);
  });
});

describe('requests', () => {
  test('that are pipelined are answered in order', async () => {
    const { port, stages } = await scene(2);
    const client = await dial(port);
    client.send(
      Array.from({ length: 10 }, (_, i) => `POST /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n${i}`).join(''),
    );
    const workers: Wire[] = [];
    for (let i = 0; i < 10; i++) {
      const worker = (workers[i % 2] ??= await stages[(i + 1) % 2]!.accepts());
      await worker.gets(new RegExp(`POST /${i} .*\r\n\r\n${i}$`, 's'));
      worker.send(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${i}`);
    }
    const all = await client.gets('\r\n\r\n9');
    expect([...all.matchAll(/\r\n\r\n(\d)/g)].map((match) => match[1]).join('')).toBe('0123456789');
  });

  test('of a client that has ended its side are answered', async () => {
    const { client, worker } = await exchange(GET + GET, '');
    client.socket.end();
    worker.send(OK);
    await worker.gets(GET + GET);
    worker.send(OK);
    expect(await client.ends()).toMatch(/^HTTP\/1.1 200 OK.*ok.*ok$/s);
    expect(client.end).toBe('fin');
  });

  test('that are cut short by the client are cut short for the worker', async () => {
    const { client, worker } = await exchange('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe', '');
    client.socket.destroy();
    await worker.ends();
  });

  test('wait while no worker is ready', async () => {
    const relay = await openRelay('http');
    const stage = await Stage.open();
    const clients = await Promise.all([dial(relay.port), dial(relay.port)]);
    for (const client of clients) client.send(GET);
    while (relay.balancer.waiting < 2) await new Promise(setImmediate);
    relay.balancer.swap([backendAt(stage.port)]);
    for (const client of clients) {
      const worker = await stage.accepts();
      await worker.gets(GET);
      worker.send(OK);
      void client;
    }
    for (const client of clients) expect(await client.gets('ok')).toBe(OK);
  });

  test('are refused with 503 and Retry-After when they have waited too long, or too many wait', async () => {
    const relay = await openRelay('http', { timeout: 50, max: 1 });
    const first = await dial(relay.port);
    first.send(GET);
    while (relay.balancer.waiting < 1) await new Promise(setImmediate);
    const second = await dial(relay.port);
    second.send(GET);
    for (const client of [second, first])
      expect(await client.ends()).toMatch(/^HTTP\/1.1 503 .*\r\nRetry-After: \d+\r\n/s);
  });

  test('of a client that left while it waited cost nothing', async () => {
    const relay = await openRelay('http');
    const client = await dial(relay.port);
    client.send(GET);
    while (relay.balancer.waiting < 1) await new Promise(setImmediate);
    client.socket.resetAndDestroy();
    while (relay.balancer.waiting > 0) await new Promise(setImmediate);
    expect(relay.relay.connections).toBe(0);
  });

  test('that are malformed are refused, and nothing of them reaches a worker', async () => {
    const { port, backends } = await scene();
    const client = await dial(port);
    client.send('GET / HTTP/1.1\nHost: a\n\n');
    expect(await client.ends()).toMatch(/^HTTP\/1.1 400 Bad Request\r\n.*Connection: close\r\n/s);
    expect(backends[0]!.leases).toBe(0);
  });

  test('with a malformed body are refused with 400', async () => {
    const { client, worker } = await exchange('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', '');
    client.send('x\r\n');
    expect(await client.ends()).toMatch(/^HTTP\/1.1 400 /);
    await worker.ends();
  });
});

describe('when a worker is lost', () => {
  /** Sends `request`, loses the worker that gets it, and hands the scene over. */
  async function lose(request: string, lose_: (worker: Wire) => void) {
    const { port, stages } = await scene(2);
    const client = await dial(port);
    client.send(request);
    const first = await stages[1]!.accepts();
    await first.gets('\r\n\r\n');
    lose_(first);
    return { client, other: stages[0]! };
  }

  test('before a byte of the answer, an idempotent request is answered by another', async () => {
    const { client, other } = await lose(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`, (worker) =>
      worker.socket.resetAndDestroy(),
    );
    const worker = await other.accepts();
    expect(await worker.gets('hi')).toBe('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi');
    worker.send(OK);
    expect(await client.gets('ok')).toBe(OK);
  });

  test('before a byte of the answer, any other is answered with 502, and sent to nobody else, and the connection goes on', async () => {
    const { client, other } = await lose('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi', (worker) =>
      worker.socket.end(),
    );
    expect(await client.gets('answered\n')).toMatch(/^HTTP\/1.1 502 /);
    client.send(GET);
    const next = await other.accepts();
    expect(await next.gets('\r\n\r\n')).toBe(GET);
  });

  test('behind an interim response, an idempotent request is not repeated', async () => {
    const { client } = await lose(GET, (worker) => {
      worker.send('HTTP/1.1 103 Early Hints\r\n\r\n');
      worker.socket.end();
    });
    expect(await client.gets('answered\n')).toMatch(/^HTTP\/1.1 103 Early Hints\r\n\r\nHTTP\/1.1 502 /);
  });

  test.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n'],
  ])('in the middle of an answer with %s, the client is cut off', async (_name, part) => {
    const { client } = await lose(GET, (worker) => {
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
});

describe('an upgrade', () => {
  const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n';
  const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n';

  test('becomes a tunnel, early bytes of both sides included, that each side ends for itself', async () => {
    const { client, worker } = await exchange(`${UPGRADE}early`, `${SWITCH}hello`);
    expect(await client.gets('hello')).toBe(`${SWITCH}hello`);
    expect(await worker.gets('early')).toBe(`${UPGRADE}early`);
    client.send('up');
    await worker.gets('up');
    worker.send('down');
    await client.gets('down');
    client.socket.end();
    await worker.ends();
    worker.send('last words');
    worker.socket.end();
    expect(await client.ends()).toBe(`${SWITCH}hellodownlast words`);
    expect(client.end).toBe('fin');
  });

  test('holds its lease until the tunnel ends', async () => {
    const { client, worker, backend } = await exchange(UPGRADE, SWITCH);
    await client.gets(SWITCH);
    expect(backend.leases).toBe(1);
    const drained = backend.drained();
    client.socket.destroy();
    worker.socket.destroy();
    await drained;
  });

  test('that the program declines is an ordinary request', async () => {
    const { client, worker } = await exchange(UPGRADE, OK);
    await client.gets('ok');
    client.send(GET);
    await worker.gets(UPGRADE + GET);
  });
});

describe('memory stays bounded', () => {
  const PIECE = 'x'.repeat(64 * 1024);
  /** The kernel's own buffers on both hops are a few MiB; what the relay may keep on top is far less. */
  const MOST = 64 * 1024 * 1024;

  /** Writes until the other side backs up for good; how many bytes went out. */
  async function fill(wire: Wire): Promise<number> {
    while (wire.socket.bytesWritten < MOST) {
      if (wire.socket.write(PIECE)) continue;
      const drained = once(wire.socket, 'drain').then(() => true);
      const stuck = new Promise<false>((resolve) => setTimeout(() => resolve(false), 500));
      if (!(await Promise.race([drained, stuck]))) break;
    }
    return wire.socket.bytesWritten - wire.socket.writableLength;
  }

  test('with a client that never reads its answer', async () => {
    const { client, worker } = await exchange(GET, 'HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
    client.socket.pause();
    expect(await fill(worker)).toBeLessThan(MOST);
    client.socket.resume();
    await client.gets(PIECE);
  });

  test('with a worker that never reads an upload', async () => {
    const { client, worker } = await exchange('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n', '');
    worker.socket.pause();
    expect(await fill(client)).toBeLessThan(MOST);
    worker.socket.resume();
    await worker.gets(PIECE);
  });

  test('with a client that asks on without reading its answers', async () => {
    const { port, stage } = await scene();
    const client = await dial(port);
    client.socket.pause();
    const body = 'y'.repeat(32 * 1024);
    void stage.accepts().then((worker) => {
      worker.socket.on('data', (text: string) => {
        for (const _ of text.matchAll(/\r\n\r\n/g))
          worker.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      });
    });
    let asked = 0;
    while (asked < 200_000 && client.socket.writableLength < 1_000_000) {
      client.send(GET.repeat(1_000));
      asked += 1_000;
      await new Promise(setImmediate);
    }
    expect(asked).toBeLessThan(200_000);
  });
});

test('a swap moves the next request of a kept-alive client to the new worker and keeps its connection', async () => {
  const { port, balancer, stages, backends } = await scene(2);
  balancer.swap([backends[0]!]);
  const client = await dial(port);
  client.send(GET);
  const old = await stages[0]!.accepts();
  await old.gets(GET);
  balancer.swap([backends[1]!]);
  const drained = backends[0]!.drained();
  old.send(OK);
  await client.gets('ok');
  await drained;
  await old.ends();
  client.send(GET);
  const young = await stages[1]!.accepts();
  await young.gets(GET);
  young.send(OK);
  await client.gets(/ok.*ok/s);
  expect(client.end).toBe(undefined);
});

test('a relay that finishes closes idle connections and says so on the others', async () => {
  const { port, stage, relay, listener } = await scene();
  const idle = await dial(port);
  const busy = await dial(port);
  busy.send(GET);
  const worker = await stage.accepts();
  await worker.gets(GET);
  while (relay.connections < 2) await new Promise(setImmediate);
  const finished = listener.finish();
  expect(await idle.ends()).toBe('');
  idle.socket.end();
  worker.send(OK);
  expect(await busy.ends()).toBe(OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  busy.socket.end();
  await finished;
});
