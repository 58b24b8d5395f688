import { once } from 'node:events';
import { type RequestListener, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { backendAt, openRelay } from '../kit/relay.js';

/** More than the kernel takes of a client that does not read. */
const SIZE = process.env['ZDLB_TEST_BODY_MIB'] === undefined ? 4_000_000 : 16_000_000;

/** A body in which every place is different, and differs from body to body. */
function body(seed: number): Buffer {
  const words = Uint32Array.from({ length: SIZE / 4 }, (_, index) => index * 2_654_435_761 + seed);
  return Buffer.from(words.buffer);
}

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Reads `length` bytes of a connection; every so often it does not read for a while, so that what comes next has to wait. */
async function readSlowly(socket: Socket, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let missing = length;
  while (missing > 0) {
    const part = socket.read(Math.min(missing, socket.readableLength) || undefined) as Buffer | null;
    if (part === null) await once(socket, 'readable');
    else parts.push(part);
    missing -= part?.length ?? 0;
    if (parts.length % 50 === 1) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return Buffer.concat(parts);
}

test.each([
  ['with a length', true],
  ['in chunks', false],
])(
  'long bodies %s arrive whole at clients that read in fits and starts, on connections that are used again',
  async (_name, hasLength) => {
    const port = await serve((request, response) => {
      const content = body(Number(request.url!.slice(1)));
      if (hasLength) response.setHeader('Content-Length', content.length);
      response.write(content.subarray(0, 1_000));
      response.end(content.subarray(1_000));
    });
    const relay = await openRelay('http');
    relay.balancer.swap([backendAt(port)]);
    await Promise.all(
      Array.from({ length: 3 }, async (_, client) => {
        const socket = connect(relay.port, '127.0.0.1');
        onTestFinished(() => void socket.destroy());
        for (let round = 0; round < 2; round++) {
          const seed = client * 10 + round;
          socket.write(`GET /${seed} HTTP/1.1\r\nHost: a\r\n\r\n`);
          const got = await nextBody(socket, hasLength);
          expect(Buffer.compare(got, body(seed)), `client ${client}, round ${round}`).toBe(0);
        }
      }),
    );
  },
);

async function nextBody(socket: Socket, hasLength: boolean): Promise<Buffer> {
  await readThrough(socket, '\r\n\r\n');
  if (hasLength) return readSlowly(socket, SIZE);
  const parts: Buffer[] = [];
  for (;;) {
    const size = Number.parseInt(await readThrough(socket, '\r\n'), 16);
    if (size > 0) parts.push(await readSlowly(socket, size));
    await readThrough(socket, '\r\n');
    if (size === 0) return Buffer.concat(parts);
  }
}

/** Everything up to and with `end`. */
async function readThrough(socket: Socket, end: string): Promise<string> {
  let text = '';
  while (!text.endsWith(end)) {
    const byte = socket.read(1) as Buffer | null;
    if (byte === null) await once(socket, 'readable');
    else text += byte.toString('latin1');
  }
  return text;
}
