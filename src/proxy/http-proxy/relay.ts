import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { systemCode } from '../../core/errors.js';
import type { Balancer } from '../balancer.js';
import { Book } from '../book.js';
import type { Client } from '../client.js';
import type { HttpSettings } from '../http-settings.js';
import type { Relay } from '../listener.js';
import { Agents } from './agents.js';
import type { Engine } from './engine.js';
import { Exchange } from './exchange.js';
import { createHttpProxy } from './package.js';
import { Session } from './session.js';
import { Turns } from './turns.js';
import { tellUpgrades } from './upgrade.js';

/** How often overdue connections are looked for, in milliseconds. */
const SWEEP_MS = 500;

/** What Node's parser says, and how it is said to the client; anything else is 400. */
const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_PAUSED_H2_UPGRADE: 505,
};

/** Balances requests as the relay does, but by Node's own parser and the http-proxy package. */
export class HttpProxyRelay implements Relay {
  readonly #engine: Engine;
  readonly #sessions = new Map<Socket, Session>();
  readonly #exchanges = new WeakMap<IncomingMessage, Exchange>();
  readonly #server: Server;
  readonly #sweeper: NodeJS.Timeout;
  #isFinishing = false;

  constructor(balancer: Balancer, settings: HttpSettings, book = new Book()) {
    const proxy = createHttpProxy()
      .on('proxyReq', (outgoing, request) => this.#exchanges.get(request)?.connected(outgoing))
      .on('proxyRes', (message, request) => this.#exchanges.get(request)?.answered(message));
    tellUpgrades(proxy);
    const agents = new Agents(settings.connectTimeout);
    this.#engine = { balancer, book, settings, proxy, agents, turns: new Turns() };
    this.#server = makeServer(settings.maxHeadSize);
    this.#listen();
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  get settings(): HttpSettings {
    return this.#engine.settings;
  }

  set settings(settings: HttpSettings) {
    this.#engine.settings = settings;
    this.#engine.agents.connectTimeout = settings.connectTimeout;
    // Looked at for each connection; those that are open keep the former.
    (this.#server as { maxHeaderSize?: number }).maxHeaderSize = settings.maxHeadSize;
  }

  get connections(): number {
    return this.#sessions.size;
  }

  accept(who: Client, closed: () => void): void {
    const client = who.socket;
    const session = new Session(who, this.#engine, () => {
      this.#sessions.delete(client);
      closed();
    });
    this.#sessions.set(client, session);
    this.#server.emit('connection', who.asStream());
    client.resume();
    if (this.#isFinishing) session.finish();
  }

  finish(): void {
    this.#isFinishing = true;
    for (const session of this.#sessions.values()) session.finish();
  }

  close(): void {
    clearInterval(this.#sweeper);
    for (const session of this.#sessions.values()) session.close('stopped');
    this.#engine.agents.close();
  }

  #listen(): void {
    const take = (request: IncomingMessage, response: ServerResponse) => this.#take(request, response);
    const upgrade = (request: IncomingMessage, _: unknown, early: Buffer) => this.#take(request, undefined, early);
    this.#server
      .on('request', take)
      .on('checkContinue', take)
      .on('checkExpectation', take)
      .on('upgrade', upgrade)
      .on('connect', upgrade)
      .on('clientError', (error, client) => this.#spoiled(error, client as Socket));
  }

  #take(request: IncomingMessage, response: ServerResponse | undefined, early?: Buffer): void {
    const session = this.#sessions.get(request.socket);
    if (session === undefined) return void request.socket.destroy();
    const exchange = new Exchange(session, this.#engine, request, response, early);
    this.#exchanges.set(request, exchange);
    session.take(exchange);
  }

  #spoiled(error: Error, client: Socket): void {
    const code = systemCode(error) ?? '';
    // All else is the socket's own end, of which the session hears by itself; or the client's, in the middle of a message.
    if (!code.startsWith('HPE_') || code === 'HPE_INVALID_EOF_STATE') return;
    const isVersion = 'reason' in error && error.reason === 'Invalid HTTP version';
    const line = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : Buffer.alloc(0);
    this.#sessions.get(client)?.spoil(isVersion ? 505 : (STATUSES[code] ?? 400), line);
  }

  #sweep(): void {
    const now = performance.now();
    for (const session of this.#sessions.values()) session.expire(now);
  }
}

/** A server that is handed its connections. It only reads: time, counts and Host are looked after here, as in the relay. */
function makeServer(maxHeaderSize: number): Server {
  const server = createServer({
    maxHeaderSize,
    insecureHTTPParser: false,
    requireHostHeader: false,
    headersTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: 0,
  });
  // Node would drop fields beyond a count without a word.
  server.maxHeadersCount = 0;
  // A FIN is a half-close, and answered.
  return Object.assign(server, { httpAllowHalfOpen: true });
}
