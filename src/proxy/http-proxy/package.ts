import type { Agent, ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { PrivateAddress } from '../../core/messages.cjs';

/** Where http-proxy sends one request, and through what. */
export interface Forwarding {
  readonly target: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  readonly agent: Agent;
  /** Leaves the request target alone, which http-proxy would else read with url.parse and write anew. */
  readonly toProxy: true;
  /** Leaves the answer to us: http-proxy would lose repeated fields, and pass on what it must not. */
  readonly selfHandleResponse: true;
  /** The body, in the place of the request itself. */
  readonly buffer?: Readable;
}

/** A step of http-proxy's way with a request. */
type Pass = (...args: unknown[]) => unknown;

/** The sliver of http-proxy that is used here. */
export interface HttpProxy {
  webPasses: Pass[];
  wsPasses: Pass[];
  web(request: IncomingMessage, response: ServerResponse, to: Forwarding, failed: (error: Error) => void): void;
  ws(request: IncomingMessage, client: Socket, early: Buffer, to: Forwarding, failed: (error: Error) => void): void;
  /** A socket was found, nothing was sent yet. */
  on(
    event: 'proxyReq',
    then: (outgoing: ClientRequest, request: IncomingMessage, response: ServerResponse, to: Forwarding) => void,
  ): this;
  /** The same for upgrades, but before there is a socket. */
  on(event: 'proxyReqWs', then: (outgoing: ClientRequest, request: IncomingMessage) => void): this;
  on(event: 'proxyRes', then: (answer: IncomingMessage, request: IncomingMessage) => void): this;
}

interface Package {
  createProxyServer(options: object): HttpProxy;
}

/** What http-proxy takes from node:util as it is loaded, and Node has deprecated since (DEP0060). */
interface OldUtil {
  _extend?: (target: object, source: unknown) => object;
}

/**
 * Steps that do harm here. `deleteLength` writes a length of 0 over the chunks of a DELETE or OPTIONS and sends its body
 * all the same, which the worker would read as the next request. `checkMethodAndHeader` lets nobody upgrade to anything
 * but WebSocket.
 */
const LEFT_OUT: ReadonlySet<string> = new Set(['deleteLength', 'checkMethodAndHeader']);

let loaded: Package | undefined;

/** Makes a forwarder; the package is loaded with the first one. */
export function createHttpProxy(): HttpProxy {
  loaded ??= load();
  const proxy = loaded.createProxyServer({});
  proxy.webPasses = proxy.webPasses.filter(({ name }) => !LEFT_OUT.has(name));
  proxy.wsPasses = proxy.wsPasses.filter(({ name }) => !LEFT_OUT.has(name));
  return proxy;
}

/** The address in http-proxy's terms. */
export function targetOf(address: PrivateAddress): Forwarding['target'] {
  return 'path' in address ? { socketPath: address.path } : { host: '127.0.0.1', port: address.port };
}

/**
 * The package keeps `util._extend`, whose first use warns the user of what only the package could mend. It gets a plain
 * equivalent while it is loaded, which is in one tick, so nobody else sees it; no other warning is touched.
 */
function load(): Package {
  const require = createRequire(import.meta.url);
  const util = require('node:util') as OldUtil;
  const original = Object.getOwnPropertyDescriptor(util, '_extend');
  Object.defineProperty(util, '_extend', { value: extend, configurable: true, writable: true });
  try {
    return require('http-proxy') as Package;
  } finally {
    if (original === undefined) delete util._extend;
    else Object.defineProperty(util, '_extend', original);
  }
}

function extend(target: object, source: unknown): object {
  return typeof source === 'object' ? Object.assign(target, source) : target;
}
