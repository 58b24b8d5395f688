import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { GET, OK, backendAt, exchange, openRelay, scene } from '../kit/relay.js';
import { Stage, type Wire, dial } from '../kit/wire.js';

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
    const answer = async (): Promise<void> => {
      const worker = await stage.accepts();
      worker.socket.on('data', (text: string) => {
        for (const _ of text.matchAll(/\r\n\r\n/g))
          worker.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      });
    };
    void answer();
    let asked = 0;
    while (asked < 200_000 && client.socket.writableLength < 1_000_000) {
      client.send(GET.repeat(1_000));
      asked += 1_000;
      await new Promise(setImmediate);
    }
    expect(asked).toBeLessThan(200_000);
  });
});

describe.each([100, 4_096, 16_000])('a socket that was backed up by pieces of %d bytes goes on', (size) => {
  const PIECE = 'x'.repeat(size);
  const PAUSED = 6 * 1024 * 1024;
  const TOTAL = 2 * PAUSED;

  /** Writes `TOTAL` bytes in pieces, as the other side takes them. */
  async function write(wire: Wire): Promise<void> {
    for (let written = 0; written < TOTAL; written += size) {
      if (!wire.socket.write(PIECE)) await once(wire.socket, 'drain');
    }
  }

  /** Lets `from` fill everything on the way to `to`, which does not read meanwhile, and then reads it all. */
  async function flow(from: Wire, to: Wire): Promise<void> {
    const all = new Promise<void>((resolve) => {
      let received = 0;
      to.socket.on('data', (text: string) => {
        received += text.length;
        if (received >= TOTAL) resolve();
      });
    });
    to.socket.pause();
    void write(from);
    while (from.socket.writableLength === 0 && from.socket.bytesWritten < PAUSED) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 300));
    to.socket.resume();
    await all;
  }

  test('for a download', async () => {
    const { client, worker } = await exchange(GET, 'HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
    await client.gets('\r\n\r\n');
    await flow(worker, client);
  });

  test('for an upload', async () => {
    const { client, worker } = await exchange('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n', '');
    await flow(client, worker);
  });

  test('for a tcp connection, both ways', async () => {
    const stage = await Stage.open();
    const { port, balancer } = await openRelay('tcp');
    balancer.swap([backendAt(stage.port)]);
    const client = await dial(port);
    const worker = await stage.accepts();
    await flow(client, worker);
    await flow(worker, client);
  });
});

describe('an upload larger than the output buffer', () => {
  const BODY = `${'x'.repeat(999_997)}END`;
  const PUT = `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;

  async function arrives(stage: Stage): Promise<Wire> {
    const worker = await stage.accepts();
    expect(await worker.gets('END')).toHaveLength(PUT.length);
    return worker;
  }

  test('that came while its worker was being connected', async () => {
    const { port, stage } = await scene();
    const client = await dial(port);
    client.send(PUT);
    (await arrives(stage)).send(OK);
    await client.gets('ok');
  });

  test('that came while no worker was ready', async () => {
    const stage = await Stage.open();
    const { port, balancer } = await openRelay('http');
    const client = await dial(port);
    client.send(PUT);
    while (client.socket.writableLength === BODY.length || balancer.waiting === 0) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 100));
    balancer.swap([backendAt(stage.port)]);
    (await arrives(stage)).send(OK);
    await client.gets('ok');
  });

  test('that came behind a slow request', async () => {
    const { port, stage } = await scene();
    const client = await dial(port);
    client.send(GET + PUT);
    const worker = await stage.accepts();
    await worker.gets(GET);
    await new Promise((resolve) => setTimeout(resolve, 100));
    worker.send(OK);
    expect(await worker.gets('END')).toHaveLength(GET.length + PUT.length);
    worker.send(OK);
    await client.gets(/ok.*ok/s);
  });
});
