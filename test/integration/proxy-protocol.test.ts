import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Networks, parseNetworks } from '../../src/core/networks.js';
import { Backend } from '../../src/proxy/backend.js';
import { Client } from '../../src/proxy/client.js';
import { cuttings } from '../kit/cuttings.js';
import { ILLEGAL, IPV4, LEGAL } from '../kit/proxy-headers.js';
import { type Told, httpScene, listen, send, tcpScene, vestibule } from '../kit/proxy-scenes.js';
import { Random, SEED } from '../kit/random.js';
import { ENGINES, openRelay } from '../kit/relay.js';
import { Stage, dial } from '../kit/wire.js';

/** A header of 4 KiB, byte by byte, is only slow. */
const FEW = 300;

const own = (ends: object | undefined) => ends ?? expect.objectContaining({ sourceAddress: '127.0.0.1' });

describe.each(Object.entries(cuttings(new Random(SEED))))(`every legal header, %s (seed ${SEED})`, (name, cut) => {
  const legal = LEGAL.filter(([, header]) => name !== 'byte by byte' || header.length < FEW);

  test('names the client in tcp mode', async () => {
    const { port, vestibule: gate } = await tcpScene();
    for (const [form, header, ends] of legal) {
      const answer = await send(port, cut(Buffer.concat([header, Buffer.from('to the program\n')])));
      expect([form, JSON.parse(answer)]).toEqual([form, { ends: own(ends), body: 'to the program\n' }]);
    }
    expect(gate.waiting).toBe(0);
  });

  test.each(ENGINES)('names the client in http mode (%s)', async (engine) => {
    const { port } = await httpScene({ engine });
    for (const [form, header, ends] of legal) {
      const request = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello';
      const answer = await send(port, cut(Buffer.concat([header, Buffer.from(request)])));
      const { fields, body } = JSON.parse(answer.slice(answer.indexOf('{"fields'), answer.lastIndexOf('}') + 1));
      expect([form, body]).toEqual([form, 'hello']);
      expect([form, fields['x-forwarded-for']]).toEqual([form, forwardedFor(ends)]);
    }
  });
});

function forwardedFor(ends: object | undefined): unknown {
  if (ends === undefined) return '127.0.0.1';
  return 'sourceAddress' in ends ? String(ends.sourceAddress).replace('::ffff:192', '192') : expect.any(String);
}

describe.each(Object.entries(cuttings(new Random(SEED))))(`every illegal header, %s (seed ${SEED})`, (_, cut) => {
  test('closes the connection without an answer', async () => {
    const { port, relay, vestibule: gate } = await httpScene();
    for (const [form, header] of ILLEGAL) expect([form, await send(port, cut(header))]).toEqual([form, '']);
    expect([relay.connections, gate.waiting]).toEqual([0, 0]);
  });
});

describe('what stands behind the header', () => {
  const [, header] = LEGAL[0]!;

  test('comes to the program whole, however much it is', async () => {
    const { port } = await tcpScene();
    const body = `${'x'.repeat(300_000)}\n`;
    const told = JSON.parse(await send(port, [Buffer.concat([header, Buffer.from(body)])])) as Told;
    expect([told.ends, told.body === body]).toEqual([IPV4, true]);
  });

  test('an end right behind it is passed on', async () => {
    const { port, balancer } = await openRelay('tcp', { vestibule });
    const stage = await Stage.open();
    balancer.swap([new Backend({ address: { port: stage.port } })]);
    const client = await dial(port);
    client.socket.end(Buffer.concat([header, Buffer.from('all')]));
    const worker = await stage.accepts();
    expect(await worker.ends()).toBe('all');
    worker.socket.end('answer');
    expect(await client.ends()).toBe('answer');
  });

  test.each(ENGINES)('a reset right behind it leaves nothing (%s)', async (engine) => {
    const { port, relay, vestibule: gate } = await httpScene({ engine });
    const bytes = Buffer.concat([header, Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')]);
    for (let length = 0; length <= bytes.length; length += 5) {
      const { socket } = await dial(port);
      socket.write(bytes.subarray(0, length));
      socket.resetAndDestroy();
    }
    // Behind them in the queue of the kernel.
    expect(await send(port, [bytes], true)).toContain('200 OK');
    while (relay.connections + gate.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test.each(ENGINES)('a request with an end right behind it is answered (%s)', async (engine) => {
    const { port } = await httpScene({ engine });
    const answer = await send(port, [Buffer.concat([header, Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')])], true);
    expect(answer).toContain('"x-forwarded-for":"192.0.2.1"');
  });

  test.each(ENGINES)('pipelined requests are answered in order (%s)', async (engine) => {
    const { port } = await httpScene({ engine });
    const requests = ['1', '2', '3'].map(
      (body) =>
        `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n${body === '3' ? 'Connection: close\r\n' : ''}\r\n${body}`,
    );
    const answer = await send(port, [Buffer.concat([header, Buffer.from(requests.join(''))])]);
    expect([...answer.matchAll(/"body":"(\d)"/g)].map(([, body]) => body)).toEqual(['1', '2', '3']);
  });

  test('a connection that asks nothing may lie idle as any other', async () => {
    const idle = ENGINES.map(async (engine) => {
      const { port } = await httpScene({ engine, headerTimeout: 100, keepAliveTimeout: 700 });
      const client = await dial(port);
      client.socket.write(header);
      return client.ends();
    });
    expect(await Promise.all(idle)).toEqual(['', '']); // no 408
  });
});

test('a connection of another peer is taken as it comes, header or not', async () => {
  const nobody = { ...vestibule, trustProxy: new Networks([]) };
  const { port } = await httpScene({ vestibule: nobody });
  const request = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(await send(port, [request])).toContain('"x-forwarded-for":"127.0.0.1"');
  expect(await send(port, [Buffer.concat([LEGAL[0]![1], request])])).toMatch(/^HTTP\/1\.1 400 /);
});

test('one at a Unix socket is believed if `unix` is trusted', async () => {
  const { relay, vestibule: gate } = await tcpScene({
    vestibule: { ...vestibule, trustProxy: parseNetworks('unix')! },
  });
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
    gate.admit(new Client(socket, { family: 'Unix' }), relay),
  );
  const told = JSON.parse(await send(await listen(server), [LEGAL[0]![1], Buffer.from('x\n')])) as Told;
  expect(told).toEqual({ ends: IPV4, body: 'x\n' });
});
