import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { readFileSync } from 'node:fs';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Door } from '../../src/core/messages.cjs';
import { probe } from '../../src/proxy/probe.js';
import { freePort } from '../kit/free-port.js';
import { folder, Worker } from './agent-harness.ts';

const PORT = 8000;

const pem = (name: string) => readFileSync(new URL(`../fixtures/agent/${name}.pem`, import.meta.url));
const identity = { key: pem('key'), cert: pem('cert') };

async function ask(door: Door, path = '/healthz', ms = 5_000): Promise<void> {
  await probe({ door, port: PORT, path }, AbortSignal.timeout(ms));
}

/** A worker without an agent. */
async function open(server: Server): Promise<Door> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => void sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { address: { port: (server.address() as AddressInfo).port } };
}

const answering = (status: number, fields = {}) =>
  open(
    http.createServer((_, response) => response.writeHead(status, fields).end(status === 204 ? undefined : 'words')),
  );

/** Whatever comes, it says `words`, and goes. */
const saying = (words: string) =>
  open(
    createServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.end(words));
    }),
  );

describe('a probe is passed by an answer with', () => {
  it.each([200, 204, 299])('%d', async (status) => {
    await ask(await answering(status));
  });

  it('103 before its 200', async () => {
    await ask(
      await saying('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    );
  });

  it('no length, whose end is the connection’s', async () => {
    await ask(await saying('HTTP/1.0 200 OK\r\n\r\nwords'));
  });

  it('a body that never ends, of which it reads no more than it must', async () => {
    let closed: Promise<unknown> | undefined;
    const endless = http.createServer((request, response) => {
      closed = new Promise((resolve) => request.socket.once('close', resolve));
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      };
      response.on('drain', more);
      more();
    });
    const door = await open(endless);
    await ask(door);
    await closed;
  });

  it('TLS, whoever the certificate is for', async () => {
    const server = https.createServer(identity, (request, response) => response.end(request.headers.host));
    await ask({ ...(await open(server)), tls: true });
  });
});

describe('a probe fails, and says why, when the worker', () => {
  it.each([302, 404, 500, 503])('answers %d', async (status) => {
    const door = await answering(status, { Location: '/' });
    await expect(ask(door)).rejects.toThrow(new Error(`answered ${status} to GET /healthz`));
  });

  it('hangs', async () => {
    const door = await open(http.createServer(() => {}));
    await expect(ask(door, '/healthz?deep', 200)).rejects.toThrow(new Error('did not answer GET /healthz?deep'));
  });

  it('hangs up in the time, by which its connection is gone', async () => {
    const server = createServer();
    const door = await open(server);
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const asked = expect(ask(door, '/', 200)).rejects.toThrow(new Error('did not answer GET /'));
    const [socket] = await accepted;
    const closed = once(socket.on('error', () => {}).resume(), 'close');
    await asked;
    await closed;
  });

  it('begins an answer, and hangs', async () => {
    const door = await open(http.createServer((_, response) => response.write('half of it')));
    await expect(ask(door, '/', 300)).rejects.toThrow(new Error('did not finish its answer to GET /'));
  });

  it('cuts its answer short', async () => {
    const door = await saying('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    await expect(ask(door)).rejects.toThrow(new Error('did not finish its answer to GET /healthz'));
  });

  it('closes at once', async () => {
    const door = await open(createServer((socket) => socket.end()));
    await expect(ask(door)).rejects.toThrow(new Error('closed the connection and did not answer GET /healthz'));
  });

  it('resets', async () => {
    const door = await open(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    await expect(ask(door)).rejects.toThrow(new Error('closed the connection and did not answer GET /healthz'));
  });

  it('speaks something else', async () => {
    const door = await saying('220 mail.example ESMTP\r\n');
    await expect(ask(door)).rejects.toThrow(/^gave no HTTP answer to GET \/healthz: /);
  });

  it('is not there', async () => {
    const door = { address: { port: await freePort() } };
    await expect(ask(door)).rejects.toThrow(new Error('refused the connection for GET /healthz: ECONNREFUSED'));
    const path = { address: { path: `${folder()}/none.sock` } };
    await expect(ask(path)).rejects.toThrow(new Error('refused the connection for GET /healthz: ENOENT'));
  });

  it('never accepts', async () => {
    const worker = new Worker('agent/deaf.cjs');
    const { port } = (await worker.messages.next()) as { port: number };
    worker.child.kill('SIGSTOP');
    const queue = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    onTestFinished(() => queue.forEach((socket) => void socket.destroy()));
    await once(queue[0]!, 'connect');
    await expect(ask({ address: { port } }, '/', 500)).rejects.toThrow(new Error('did not answer GET /'));
  });

  it('never answers a TLS greeting', async () => {
    const door = await open(createServer((socket) => socket.on('error', () => {}).resume()));
    await expect(ask({ ...door, tls: true }, '/', 200)).rejects.toThrow(new Error('did not answer GET /'));
  });

  it('cuts off a TLS greeting, or the request behind it', async () => {
    const door = await open(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    const refusal = new Error('refused the connection for GET /: ECONNRESET');
    await expect(ask({ ...door, tls: true }, '/')).rejects.toThrow(refusal);
    const server = tls.createServer(identity, (socket) => {
      socket.on('error', () => {}).once('data', () => socket.destroy());
    });
    const secure = { ...(await open(server)), tls: true } as const;
    const end = new Error('closed the connection and did not answer GET /');
    await expect(ask(secure, '/')).rejects.toThrow(end);
  });

  it('is asked too late', async () => {
    const door = await answering(200);
    const asked = probe({ door, port: PORT, path: '/' }, AbortSignal.abort());
    await expect(asked).rejects.toThrow(new Error('did not answer GET /'));
  });

  it('speaks no TLS where it should', async () => {
    const door = await answering(200);
    await expect(ask({ ...door, tls: true })).rejects.toThrow(/^refused the connection for GET \/healthz: /);
  });
});

describe('a probe through the agent', () => {
  const transports = [
    ['TCP', () => ({})],
    ['a Unix socket', () => ({ socketFolder: folder() })],
  ] as const;

  it.each(transports)('over %s is a request like a client’s on this machine', async (_, settings) => {
    const worker = new Worker('agent/probed.cjs', { settings: settings() });
    const door = await worker.opened();
    await ask(door, '/healthz?a');
    expect(await worker.messages.next()).toEqual({
      method: 'GET',
      url: '/healthz?a',
      rawHeaders: ['host', `localhost:${PORT}`, 'connection', 'close', 'user-agent', 'zdlb-health'],
      remoteAddress: '127.0.0.1',
      localPort: PORT,
      keepAliveTimeout: 5_000,
    });
  });

  it.each(['https', 'http2-tls'])('speaks TLS where the program does (%s)', async (protocol) => {
    const worker = new Worker('agent/protocols.cjs', { args: [protocol] });
    const door = await worker.opened();
    expect(door).toMatchObject({ tls: true });
    await ask(door);
  });

  it('speaks none where it does not', async () => {
    const worker = new Worker('agent/protocols.cjs', { args: ['http'] });
    const door = await worker.opened();
    expect(door).not.toHaveProperty('tls');
    await ask(door);
  });
});
