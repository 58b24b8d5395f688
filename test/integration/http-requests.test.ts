import { describe, expect, test } from 'vitest';
import { ENGINES, GET, OK, backendAt, through } from '../kit/relay.js';
import { Stage, type Wire, dial } from '../kit/wire.js';

describe.each(ENGINES)('by the %s', (engine) => {
  const { exchange, openRelay, scene } = through(engine);

  describe('requests', () => {
    test('that are pipelined are answered in order', async () => {
      const { port, stages } = await scene(2);
      const client = await dial(port);
      client.send(
        Array.from({ length: 10 }, (_, i) => `PUT /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n${i}`).join(''),
      );
      const workers: Wire[] = [];
      for (let i = 0; i < 10; i++) {
        const worker = (workers[i % 2] ??= await stages[(i + 1) % 2]!.accepts());
        await worker.gets(new RegExp(`PUT /${i} .*\r\n\r\n${i}$`, 's'));
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

    test('that are never whole do not spoil the answers before them', async () => {
      const { client, worker } = await exchange(`${GET}POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe`, '');
      client.socket.end();
      worker.send(OK);
      expect(await client.ends()).toBe(OK);
      expect(client.end).toBe('fin');
    });

    test('that are followed by an empty line leave the connection idle', async () => {
      const { client, worker, relay } = await exchange(`${GET}\r\n`, OK);
      await client.gets('ok');
      client.send('\r\n');
      await new Promise((resolve) => setTimeout(resolve, 20));
      relay.finish();
      await client.ends();
      void worker;
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
      const relay = await openRelay('http', { hold: { timeout: 50, max: 1 } });
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

  test.each(['end', 'finish'] as const)(
    'a client that did not read its answers is let go after its %s',
    async (how) => {
      const { port, stage, relay } = await scene();
      const client = await dial(port);
      client.socket.pause();
      const body = 'y'.repeat(100_000);
      const serve = async (): Promise<void> => {
        const worker = await stage.accepts();
        worker.socket.on('data', (text: string) => {
          for (const _ of text.matchAll(/\r\n\r\n/g))
            worker.send(`HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${body}`);
        });
      };
      void serve();
      client.send(GET.repeat(200));
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (how === 'end') client.socket.end();
      else relay.finish();
      client.socket.resume();
      await client.ends();
      expect(client.end).toBe('fin');
    },
  );
});
