import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { connect, type Socket } from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { InternetEnds } from '../../dist/core/proxy-protocol.cjs';
import {
  enter,
  folder,
  front,
  IPV4,
  readAll,
  request,
  Worker,
  type Arrival,
  type WorkerOptions,
} from './agent-harness.ts';

const body = randomBytes(100_000);
const trusting = { rejectUnauthorized: false, agent: false, method: 'POST' } as const;

async function posted(outgoing: http.ClientRequest): Promise<unknown> {
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [http.IncomingMessage];
  return { port: outgoing.socket!.localPort, answer: JSON.parse(await readAll(response)) };
}

async function posted2(url: string): Promise<unknown> {
  const session = http2.connect(url, { rejectUnauthorized: false });
  const port = await once(session, 'connect').then(() => session.socket.localPort);
  const stream = session.request({ ':method': 'POST' });
  stream.end(body);
  const answer: unknown = JSON.parse(await readAll(stream));
  session.close();
  return { port, answer };
}

async function sent(socket: Socket, event: string): Promise<unknown> {
  socket.end(body);
  await once(socket, event);
  const { localPort } = socket;
  return { port: localPort, answer: JSON.parse(await readAll(socket)) };
}

const IPV6: InternetEnds = { ...IPV4, family: 'IPv6', sourceAddress: '2001:db8::7', destinationAddress: '2001:db8::1' };
const MAPPED: InternetEnds = { ...IPV6, sourceAddress: '::ffff:192.0.2.7', destinationAddress: '::ffff:198.51.100.1' };

describe('every byte behind the header arrives', () => {
  const expected = { length: body.length, hash: createHash('sha256').update(body).digest('hex') };
  const clients: Record<string, (port: number) => Promise<unknown>> = {
    net: (port) => sent(connect({ port, host: '127.0.0.1', allowHalfOpen: true }), 'connect'),
    tls: (port) => sent(tls.connect({ port, rejectUnauthorized: false }), 'secureConnect'),
    http: (port) => posted(http.request({ ...trusting, port })),
    https: (port) => posted(https.request({ ...trusting, port })),
    http2: (port) => posted2(`http://127.0.0.1:${port}`),
    'http2-tls': (port) => posted2(`https://127.0.0.1:${port}`),
  };
  const arrivals: Arrival[] = ['coalesced', 'split', 'byte by byte'];
  const cases = Object.keys(clients).flatMap((protocol) => [
    { protocol, transport: 'port' },
    { protocol, transport: 'unix' },
  ]);

  it.each(cases)('to $protocol over $transport, with both ends of the connection', async ({ protocol, transport }) => {
    const settings: WorkerOptions['settings'] = transport === 'unix' ? { socketFolder: folder() } : {};
    const worker = new Worker('agent/protocols.cjs', { settings, args: [protocol] });
    const listening = await worker.listening();
    expect(listening.protocol).toBe(protocol === 'http' ? 'http' : 'tcp');
    expect(listening.door!.address).toHaveProperty(transport === 'unix' ? 'path' : 'port');
    for (const arrival of arrivals) {
      const port = await front(listening.door!, arrival);
      const result = (await clients[protocol]!(port)) as { port: number };
      const ends = { remoteAddress: '127.0.0.1', remotePort: result.port, remoteFamily: 'IPv4', localPort: port };
      expect(result, arrival).toMatchObject({ answer: { ...expected, ...ends, localAddress: '127.0.0.1' } });
    }
  });

  it('and a server that speaks first does so', async () => {
    const worker = new Worker('agent/greets-first.cjs');
    expect(await readAll(enter(await worker.opened(), IPV4))).toBe('welcome 4711');
  });

  it.each([IPV4, IPV6, MAPPED])('with $family addresses in the form of the listener: $sourceAddress', async (ends) => {
    const worker = new Worker('programs/esm.mjs');
    const answer: unknown = JSON.parse(await request(await worker.opened(), ends));
    expect(answer).toMatchObject({ remoteAddress: ends.sourceAddress });
  });
});
