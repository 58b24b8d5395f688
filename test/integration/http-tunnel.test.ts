import { describe, expect, onTestFinished, test } from 'vitest';
import { ENGINES, GET, OK, through } from '../kit/relay.js';
import { dial } from '../kit/wire.js';

const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n';
const DECLINED =
  'HTTP/1.1 426 Upgrade Required\r\nUpgrade: chat\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n';

describe.each(ENGINES)('by the %s, an upgrade', (engine) => {
  const { exchange, scene } = through(engine);

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

  test('passes on whatever came before the switch, however long', async () => {
    const { client, worker } = await exchange(UPGRADE, '', { maxBufferSize: 1_048_576 });
    const early = 'x'.repeat(400_000);
    client.send(early);
    await new Promise((resolve) => setTimeout(resolve, 100));
    worker.send(SWITCH);
    client.send('END');
    await worker.gets('END');
    expect(worker.received).toBe(UPGRADE + early + 'END');
  });

  test('passes on what came before the switch also when it was pipelined behind a request', async () => {
    const { port, stage } = await scene();
    const client = await dial(port);
    client.send(`${GET}${UPGRADE}early`);
    const first = await stage.accepts();
    await first.gets('\r\n\r\n');
    first.send(OK);
    const worker = await stage.accepts(); // an upgrade has a connection of its own
    await worker.gets('\r\n\r\n');
    client.send('later');
    await new Promise((resolve) => setTimeout(resolve, 50));
    worker.send(SWITCH);
    client.send('END');
    await worker.gets('END');
    expect(worker.received).toBe(`${UPGRADE}earlylaterEND`);
  });

  test('passes on an end that came before the switch', async () => {
    const { client, worker } = await exchange(UPGRADE, '');
    client.socket.end();
    await new Promise((resolve) => setTimeout(resolve, 50));
    worker.send(SWITCH);
    expect(await worker.ends()).toBe(UPGRADE);
    worker.socket.end('bye');
    expect(await client.ends()).toBe(`${SWITCH}bye`);
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

  test('ends with a worker that leaves, though its program talks on', async () => {
    const { client, worker, backend } = await exchange(UPGRADE, SWITCH);
    await client.gets(SWITCH);
    const talk = setInterval(() => worker.socket.writable && worker.send('tick'), 50);
    onTestFinished(() => clearInterval(talk));
    backend.disperse(0, new AbortController().signal);
    await client.ends();
    expect(worker.received).toBe(UPGRADE);
    expect(backend.leases).toBe(0);
  });

  test('that the program declines is answered as an ordinary request is', async () => {
    const { client } = await exchange(UPGRADE, DECLINED);
    expect(await client.gets('ok')).toMatch(/^HTTP\/1.1 426 .*\r\n\r\n.*ok/s);
  });
});

describe('by the relay, an upgrade', () => {
  const { exchange } = through('relay');

  test('that the program declines is an ordinary request, but the last on its connection to the worker', async () => {
    const { client, stage } = await exchange(UPGRADE, OK);
    await client.gets('ok');
    client.send(GET);
    const next = await stage.accepts();
    await next.gets(GET);
  });
});
