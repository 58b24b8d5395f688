import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { GET, exchange, scene } from '../kit/relay.js';
import { type Wire, dial } from '../kit/wire.js';

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
