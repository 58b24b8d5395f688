import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { parseNetworks } from '../../src/core/networks.js';
import { Backend } from '../../src/proxy/backend.js';
import { readProxyHeader } from '../../src/proxy/proxy-header.js';
import { sendPieces } from './cuttings.js';
import { type RelayOptions, openRelay } from './relay.js';

const SECRET = '00112233445566778899aabbccddeeff';
const LOCALHOST = parseNetworks('127.0.0.1')!;
/** Everybody here is a load balancer. */
export const vestibule = { acceptProxy: true, trustProxy: LOCALHOST, headerTimeout: 10_000 };
export interface Told {
  readonly ends: object | undefined;
  readonly body: string;
}

/** Says whom the PROXY header of a connection to a worker names, and what stood behind it up to a line feed. */
function tell(socket: Socket): void {
  let bytes: Buffer = Buffer.alloc(0);
  socket
    .on('error', () => {})
    .on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      const header = readProxyHeader(bytes);
      if (typeof header === 'string' || bytes.indexOf('\n', header.length) === -1) return;
      const told: Told = { ends: header.ends, body: bytes.toString('latin1', header.length) };
      socket.end(JSON.stringify(told));
    });
}

export async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** tcp mode, with a worker that {@link tell}s. */
export async function tcpScene(options: RelayOptions = {}) {
  const relay = await openRelay('tcp', { vestibule, ...options });
  const address = { port: await listen(createServer(tell)) };
  relay.balancer.swap([new Backend({ address, secret: SECRET })]);
  return relay;
}

/** http mode, with a worker that answers with the fields and the body that it got. */
export async function httpScene(options: RelayOptions = {}) {
  const relay = await openRelay('http', { vestibule, forwarded: 'on', ...options });
  const server = createHttpServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => (body += String(bytes)));
    request.on('end', () => response.end(JSON.stringify({ fields: request.headers, body })));
  });
  relay.balancer.swap([new Backend({ address: { port: await listen(server) } })]);
  return relay;
}

/** All that comes back for `bytes` until the other side has ended. */
export async function send(to: number, parts: readonly Buffer[], ends = false): Promise<string> {
  const socket = connect({ port: to, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let got = '';
  socket.on('data', (bytes) => (got += bytes.toString('latin1'))).on('error', () => {});
  const ended = new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  await once(socket, 'connect');
  await sendPieces(socket, parts);
  if (ends) socket.end();
  await ended;
  socket.destroy();
  return got;
}
