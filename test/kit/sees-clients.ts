import { fork } from 'node:child_process';
import { once } from 'node:events';
import http2 from 'node:http2';
import { type Socket, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { freePort } from './free-port.ts';
import { type Front, spawnFront } from './front.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/sees-clients.cjs', import.meta.url));
const EVENT_MS = 10_000;

/** What a program sees of a client's connection. */
export interface Seen {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly [more: string]: unknown;
}

/** Asks a server what it sees. @returns what it said, and the client's own port */
type Ask = (host: string, port: number, fields?: string) => Promise<{ seen: Seen; own: number }>;

const head = (fields: string) => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

async function textOf(stream: Duplex): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk as string;
  return text;
}

/** Sends `text` on a socket that is connected, and reads the JSON that stands last in the answer. */
async function over(socket: Socket, text: string) {
  onTestFinished(() => void socket.destroy());
  const own = socket.localPort!;
  socket.write(text);
  const answer = await textOf(socket);
  const body = answer.slice(answer.indexOf('{'));
  if (body === '') throw new Error(`Got no answer, but ${JSON.stringify(answer)}`);
  return { seen: JSON.parse(body) as Seen, own };
}

async function plain(host: string, port: number): Promise<Socket> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  return socket;
}

async function secure(host: string, port: number): Promise<Socket> {
  const socket = connectTls({ host, port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return socket;
}

const CLOSE = 'Connection: close\r\n';
const UPGRADE = 'Connection: upgrade\r\nUpgrade: test\r\n';
const request: Ask = async (host, port, fields = '') => over(await plain(host, port), head(CLOSE + fields));
const upgrade: Ask = async (host, port, fields = '') => over(await plain(host, port), head(UPGRADE + fields));

const webSocket: Ask = async (host, port) => {
  const socket = new WebSocket(`ws://${host.includes(':') ? `[${host}]` : host}:${port}/`);
  onTestFinished(() => socket.terminate());
  let own = 0;
  socket.on('upgrade', (response) => (own = response.socket.localPort!)).on('open', () => socket.send('whose?'));
  const [message] = (await once(socket, 'message')) as [Buffer];
  return { seen: JSON.parse(message.toString()) as Seen, own };
};

const stream: Ask = async (host, port) => {
  const session = http2.connect(`https://${host.includes(':') ? `[${host}]` : host}:${port}`, {
    rejectUnauthorized: false,
  });
  onTestFinished(() => session.destroy());
  await once(session, 'connect');
  const own = session.socket.localPort!;
  const seen = JSON.parse(await textOf(session.request({ ':path': '/' }))) as Seen;
  return { seen, own };
};

const BOTH = ['127.0.0.1', '::1'];

/** How each kind of server is asked, and where. */
export const KINDS: Readonly<Record<string, { readonly hosts: readonly string[]; readonly ask: Ask }>> = {
  http: { hosts: BOTH, ask: request },
  'http on ::1': { hosts: ['::1'], ask: request },
  'http on 127.0.0.1': { hosts: ['127.0.0.1'], ask: request },
  upgrade: { hosts: BOTH, ask: upgrade },
  ws: { hosts: BOTH, ask: webSocket },
  express: { hosts: BOTH, ask: request },
  fastify: { hosts: BOTH, ask: request },
  net: { hosts: BOTH, ask: async (host, port) => over(await plain(host, port), 'whose?') },
  tls: { hosts: BOTH, ask: async (host, port) => over(await secure(host, port), 'whose?') },
  https: { hosts: BOTH, ask: async (host, port) => over(await secure(host, port), head(CLOSE)) },
  'http2, as http': { hosts: BOTH, ask: stream },
  'http2, streams': { hosts: BOTH, ask: stream },
};

/** Which port each kind of server listens on. */
type Ports = Readonly<Record<string, number>>;

async function portsFor(kinds: readonly string[]): Promise<Ports> {
  const ports: Record<string, number> = {};
  for (const kind of kinds) ports[kind] = await freePort();
  return ports;
}

/** The program as it is, without zdlb; it ends with the test. */
export async function startNative(kinds: readonly string[]): Promise<Ports> {
  const ports = await portsFor(kinds);
  const child = fork(PROGRAM, { env: { ...process.env, SERVERS: JSON.stringify(ports) }, execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message', { signal: AbortSignal.timeout(EVENT_MS) });
  return ports;
}

/** The program with one worker behind a front, all of its servers at public ports. */
export async function startBehindFront(kinds: readonly string[], options: readonly string[]): Promise<Ports> {
  const ports = await portsFor(kinds);
  const args = ['--port', String(ports[kinds[0]!]), '--workers', '1', '--wait-ready', ...options];
  const front: Front = spawnFront({ script: PROGRAM, args, env: { SERVERS: JSON.stringify(ports) } });
  await front.event('serving');
  for (const port of Object.values(ports)) await front.event('listening', (entry) => entry['port'] === port);
  return ports;
}

/** What each server sees of its clients, with the client's own port and the server's told by name, to be compared. */
export async function whatIsSeen(ports: Ports): Promise<Readonly<Record<string, Seen>>> {
  const all: Record<string, Seen> = {};
  for (const [kind, port] of Object.entries(ports)) {
    const { hosts, ask } = KINDS[kind]!;
    for (const host of hosts) {
      const { seen, own } = await ask(host, port);
      const names = new Map([
        [own, "the client's"],
        [port, "the server's"],
      ]);
      all[`${kind}, from ${host}`] = JSON.parse(JSON.stringify(seen), (_, value) => names.get(value) ?? value) as Seen;
    }
  }
  return all;
}
