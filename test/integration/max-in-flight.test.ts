import { describe, expect, test } from 'vitest';
import { ENGINES, GET, OK, backendAt, openRelay, through } from '../kit/relay.js';
import { Stage, type Wire, dial } from '../kit/wire.js';

/** How often `text` has come. */
const countOf = (text: string, { received }: Wire) => received.split(text).length - 1;

const ONE = { balance: 'round-robin', maxInFlight: 1 } as const;

describe.each(ENGINES)('--max-in-flight in http mode by the %s', (engine) => {
  const { scene } = through(engine);

  test('a worker gets one request at a time, first come first served, on the connection that it has', async () => {
    const { port, stage } = await scene(1, { sharing: ONE });
    const first = await dial(port);
    first.send(GET);
    const worker = await stage.accepts();
    await worker.gets('\r\n\r\n');
    const others = [await dial(port), await dial(port)];
    for (const [i, other] of others.entries()) other.send(GET.replace('/ ', `/${i} `));
    worker.send(OK);
    await first.gets('ok');
    // Which of two connections the front reads first is the system's choice.
    await worker.gets(/GET \/[01][^]*\r\n\r\n$/);
    expect(worker.received.match(/GET/g)?.length).toBe(2);
    worker.send(OK);
    await worker.gets(/GET \/[01][^]*GET \/[01][^]*\r\n\r\n$/);
    worker.send(OK);
    await Promise.all(others.map((other) => other.gets('ok')));
  });

  test('beyond what may wait, clients are told to try again, and a slow program is asked no more', async () => {
    const { port, stage, balancer, backends } = await scene(1, { sharing: ONE, hold: { timeout: 60_000, max: 1 } });
    const served = await dial(port);
    served.send(GET);
    const worker = await stage.accepts();
    await worker.gets('\r\n\r\n');
    const clients = await Promise.all(Array.from({ length: 5 }, () => dial(port)));
    for (const client of clients) client.send(GET);
    const shed = () => clients.filter((client) => client.end !== undefined);
    await expect.poll(() => shed().length, { interval: 2 }).toBe(4);
    for (const { received } of shed()) expect(received).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: 1\r\n/);
    const left = clients.find((client) => client.end === undefined);
    expect([balancer.waiting, backends[0]!.leases]).toEqual([1, 1]);
    worker.send(OK);
    await worker.gets(/GET[^]*GET/);
    worker.send(OK);
    await left!.gets('ok');
  });

  test('a client that leaves while it waits makes room for the next', async () => {
    const { port, stage, balancer } = await scene(1, { sharing: ONE });
    const [first, leaving, last] = [await dial(port), await dial(port), await dial(port)];
    first.send(GET);
    const worker = await stage.accepts();
    await worker.gets('\r\n\r\n');
    leaving.send(GET.replace('/ ', '/left '));
    await expect.poll(() => balancer.waiting, { interval: 2 }).toBe(1);
    last.send(GET.replace('/ ', '/last '));
    await expect.poll(() => balancer.waiting, { interval: 2 }).toBe(2);
    leaving.socket.resetAndDestroy();
    await expect.poll(() => balancer.waiting, { interval: 2 }).toBe(1);
    worker.send(OK);
    expect(await worker.gets('/last')).not.toContain('/left');
  });

  test('an upgraded connection counts as long as it lasts', async () => {
    const { port, stage, balancer } = await scene(1, { sharing: ONE });
    const socket = await dial(port);
    socket.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    const worker = await stage.accepts();
    await worker.gets('\r\n\r\n');
    worker.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    await socket.gets('\r\n\r\n');
    const other = await dial(port);
    other.send(GET);
    await expect.poll(() => balancer.waiting, { interval: 2 }).toBe(1);
    socket.socket.end();
    worker.socket.end();
    const next = await stage.accepts();
    await next.gets('\r\n\r\n');
    next.send(OK);
    await other.gets('ok');
  });

  test('least-connections lets nobody wait behind a worker that is stuck', async () => {
    const { port, stages } = await scene(2, { sharing: { balance: 'least-connections', maxInFlight: Infinity } });
    const stuck = await dial(port);
    stuck.send(GET);
    const slow = await stages[1]!.accepts();
    await slow.gets('\r\n\r\n');
    const client = await dial(port);
    client.send(GET);
    const quick = await stages[0]!.accepts();
    for (let asked = 1; asked <= 20; asked++) {
      await expect.poll(() => countOf('GET', quick), { interval: 1 }).toBe(asked);
      quick.send(OK);
      await expect.poll(() => countOf('ok', client), { interval: 1 }).toBe(asked);
      if (asked < 20) client.send(GET);
    }
    expect(slow.received).toBe(GET);
  });
});

test('in tcp mode a worker gets so many connections, and what is too much is closed', async () => {
  const { port, balancer } = await openRelay('tcp', { sharing: ONE, hold: { timeout: 60_000, max: 1 } });
  const stage = await Stage.open();
  balancer.swap([backendAt(stage.port)]);
  const first = await dial(port);
  const worker = await stage.accepts();
  const waiting = await dial(port);
  await expect.poll(() => balancer.waiting, { interval: 2 }).toBe(1);
  const shed = await dial(port);
  expect(await shed.ends()).toBe('');
  waiting.send('hello');
  first.socket.end();
  worker.socket.end();
  const next = await stage.accepts();
  await next.gets('hello');
});
