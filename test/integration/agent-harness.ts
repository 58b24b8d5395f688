import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTo, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { encode, type Ends, type InternetEnds } from '../../dist/core/proxy-protocol.cjs';
import type { AgentMessage, AgentSettings, Door, Listening, Refused, Vitals } from '../../dist/core/messages.cjs';

const AGENT = fileURLToPath(new URL('../../dist/agent/agent.cjs', import.meta.url));
const FIXTURES = new URL('../fixtures/', import.meta.url);
const CHANNEL = 4;

/** What the front tells an agent unless the options say otherwise. */
const SETTINGS: AgentSettings = {
  channel: CHANNEL,
  waitReady: false,
  beatMs: 1_000,
  takesConnections: false,
  showsClients: true,
};

/** The Node that the workers run on; another binary shows that the agent works there too. */
const NODE = process.env['ZDLB_TEST_NODE'] ?? process.execPath;

export const IPV4: InternetEnds = {
  family: 'IPv4',
  sourceAddress: '192.0.2.7',
  sourcePort: 4711,
  destinationAddress: '198.51.100.1',
  destinationPort: 8000,
};

/** What arrives, in order, for whoever asks next. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #askers: { resolve: (item: T) => void; reject: (error: Error) => void }[] = [];
  #end: Error | undefined;

  add(item: T): void {
    const asker = this.#askers.shift();
    if (asker === undefined) this.#items.push(item);
    else asker.resolve(item);
  }

  /** Nothing more arrives: who waits, waits in vain. */
  close(error: Error): void {
    this.#end = error;
    for (const asker of this.#askers) asker.reject(error);
  }

  get length(): number {
    return this.#items.length;
  }

  get isEmpty(): boolean {
    return this.length === 0;
  }

  next(): Promise<T> {
    if (!this.isEmpty) return Promise.resolve(this.#items.shift()!);
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => this.#askers.push({ resolve, reject }));
  }
}

export interface WorkerOptions {
  readonly settings?: Partial<AgentSettings> | undefined;
  readonly args?: readonly string[];
  readonly port?: number;
  readonly execArgv?: readonly string[];
  /** Runs the program as it is, without the agent. */
  readonly isNative?: boolean;
}

/** A program under the agent, as the front sees it. It never outlives its test. */
export class Worker {
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly output = new Inbox<string>();
  /** What the program itself sends over its IPC channel. */
  readonly messages = new Inbox<any>();
  readonly vitals = new Inbox<Vitals>();
  readonly #announcements = new Inbox<AgentMessage>();
  #errors = '';

  constructor(
    program: string,
    { settings = {}, args = [], port = 8000, execArgv, isNative = false }: WorkerOptions = {},
  ) {
    const env: NodeJS.ProcessEnv = { ...process.env, PORT: String(port) };
    if (!isNative) env['ZDLB_AGENT'] = JSON.stringify({ ...SETTINGS, ...settings });
    this.child = fork(fileURLToPath(new URL(program, FIXTURES)), args, {
      execPath: NODE,
      execArgv: isNative ? [] : [...(execArgv ?? ['--require', AGENT])],
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    });
    const { child } = this;
    onTestFinished(() => void child.kill('SIGKILL'));
    createInterface(child.stdout!).on('line', (line) => this.output.add(line));
    createInterface(this.channel).on('line', (line) => this.#hear(JSON.parse(line) as AgentMessage));
    this.channel.on('error', () => {});
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    child.on('message', (message) => this.messages.add(message));
    this.exited = once(child, 'close').then(([code, signal]) => {
      const error = new Error(`the program ended with ${code ?? signal}: ${this.#errors}`);
      for (const inbox of [this.output, this.messages, this.vitals, this.#announcements]) inbox.close(error);
      return { code, signal };
    });
  }

  /** The front's end of the channel. */
  get channel(): Duplex {
    return this.child.stdio[CHANNEL] as Duplex;
  }

  get errors(): string {
    return this.#errors;
  }

  /** Ends the program, and says whether the front was told nothing (more). */
  async silence(): Promise<boolean> {
    this.child.kill('SIGKILL');
    await this.exited;
    return this.#announcements.isEmpty;
  }

  async listening(): Promise<Listening> {
    const message = await this.#announcements.next();
    if (message.type !== 'listening') throw new Error(`not listening: ${JSON.stringify(message)}`);
    return message;
  }

  async refused(): Promise<Refused> {
    const message = await this.#announcements.next();
    if (message.type !== 'refused') throw new Error(`not refused: ${JSON.stringify(message)}`);
    return message;
  }

  async drained(): Promise<void> {
    const message = await this.#announcements.next();
    if (message.type !== 'drained') throw new Error(`not drained: ${JSON.stringify(message)}`);
  }

  async opened(): Promise<Door> {
    return (await this.listening()).door!;
  }

  /** The program's process.send('ready') was noticed. */
  async saidReady(): Promise<void> {
    const message = await this.#announcements.next();
    if (message.type !== 'ready') throw new Error(`not ready: ${JSON.stringify(message)}`);
  }

  #hear(message: AgentMessage): void {
    if (message.type === 'vitals') this.vitals.add(message);
    else this.#announcements.add(message);
  }
}

/** The `--require` that loads the agent, in any of its spellings. */
export const preload = (spelling: '--require=' | '--require' | '-r') =>
  spelling.endsWith('=') ? [`${spelling}${AGENT}`] : [spelling, AGENT];

/** A connection to a private address, on which nothing has been said. */
export function knock({ address }: Door): Socket {
  const socket = connectTo(address);
  socket.setNoDelay(true);
  onTestFinished(() => void socket.destroy());
  return socket;
}

export const secretOf = (door: Door) => Buffer.from(door.secret!, 'hex');

/** How the front opens a private connection for one client (`ends`), or for many. */
export const headerOf = (door: Door, ends?: Ends, secret = secretOf(door)) =>
  encode({ ...(ends === undefined ? { command: 'LOCAL' } : { command: 'PROXY', ends }), secret });

/** A private connection as the front opens it: for one client (`ends`), or for many. */
export function enter(door: Door, ends?: Ends): Socket {
  const socket = knock(door);
  socket.write(headerOf(door, ends));
  return socket;
}

export type Arrival = 'coalesced' | 'split' | 'byte by byte';

/** A front of a few lines: connects each client to the door, its header and first bytes arriving as named. */
export async function front(door: Door, arrival: Arrival = 'coalesced'): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.once('data', (first) => {
      client.pause();
      void relay(client, first, door, arrival);
    });
    client.on('error', () => {});
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function relay(client: Socket, first: Buffer, door: Door, arrival: Arrival): Promise<void> {
  const upstream = connectTo({ ...door.address, allowHalfOpen: true });
  upstream.setNoDelay(true).on('error', () => {});
  onTestFinished(() => {
    client.destroy();
    upstream.destroy();
  });
  upstream.pipe(client);
  const header = headerOf(door, endsOf(client));
  for (const part of inParts(header, first, arrival)) {
    upstream.write(part);
    await turn();
  }
  client.pipe(upstream);
}

function inParts(header: Buffer, first: Buffer, arrival: Arrival): Buffer[] {
  const all = Buffer.concat([header, first]);
  if (arrival === 'coalesced') return [all];
  if (arrival === 'split') return [header.subarray(0, 20), header.subarray(20), first];
  const single = Math.min(all.length, header.length + 100);
  return [...Array.from({ length: single }, (_, at) => all.subarray(at, at + 1)), all.subarray(single)];
}

export function endsOf(client: Socket): Ends {
  return {
    family: client.remoteFamily === 'IPv6' ? 'IPv6' : 'IPv4',
    sourceAddress: client.remoteAddress!,
    sourcePort: client.remotePort!,
    destinationAddress: client.localAddress!,
    destinationPort: client.localPort!,
  };
}

/** A private folder, as for Unix sockets, that goes with its test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'zdlb-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Everything until the other side ends. */
export async function readAll(socket: Readable): Promise<string> {
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += chunk as string;
  return text;
}

/** Until `text` has arrived. */
export async function readUntil(socket: Socket, text: string): Promise<string> {
  let received = '';
  socket.setEncoding('utf8');
  while (!received.includes(text)) {
    const chunk = socket.read() as string | null;
    if (chunk === null) await once(socket, 'readable');
    else received += chunk;
    if (socket.readableEnded) throw new Error(`ended after ${JSON.stringify(received)}`);
  }
  return received;
}

/** One request over a private connection that is closed behind it; its answer's body. */
export async function request(door: Door, ends?: Ends): Promise<string> {
  const socket = enter(door, ends);
  socket.write('GET / HTTP/1.1\r\nHost: example\r\nConnection: close\r\n\r\n');
  const answer = await readAll(socket);
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}
