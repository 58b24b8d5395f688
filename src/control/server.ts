import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type ErrorCode, ZdlbError, detailsOf } from '../core/errors.js';
import { METRICS_TYPE } from '../core/metrics-type.js';
import { broadcast, isBroadcast } from './broadcast.js';
import type { Chronicle } from './chronicle.js';
import type { Operations } from './operations.js';

/** The longest body of a request, in bytes. */
const MAX_BODY = 16 * 1024;
/** How long a request may take to come, in milliseconds. */
const REQUEST_MS = 10_000;

type Body = Readonly<Record<string, unknown>>;
/** What it says: an object as JSON, a text as metrics. The signal is aborted when its connection has ended. */
type Route = (operations: Operations, body: Body, asker: AbortSignal) => object | Promise<object | string>;

/** One route per verb. */
const ROUTES: Readonly<Record<string, Route>> = {
  'GET /status': (operations) => operations.status(),
  'GET /metrics': async (operations) => operations.metrics(),
  'POST /reload': async (operations, { wait }) => operations.reload(wait === 'retired' ? wait : 'swapped'),
  'POST /scale': async (operations, { workers }) => operations.scale(String(workers)),
  'POST /pause': async (operations, { timeout }, asker) => operations.pause(textOf(timeout), asker),
  'POST /resume': async (operations, { spread }) => operations.resume(textOf(spread)),
  'POST /rollback': async (operations) => operations.rollback(),
  'POST /stop': (operations) => operations.stop(),
};

/** What the operations say of another value is meant for operators. */
const textOf = (value: unknown) => (typeof value === 'string' || value === undefined ? value : JSON.stringify(value));

const METHODS = new Map(Object.keys(ROUTES).map((route) => route.split(' ').toReversed() as [string, string]));

const STATUSES: Partial<Record<ErrorCode, number>> = { usage: 400, busy: 409, cold: 409, stopping: 409 };

/**
 * A server, not listening yet, that lets an operator ask for what there is a route for.
 *
 * @param operations whoever asks before they are there has to wait
 */
export function controlServer(operations: Promise<Operations>, chronicle: Chronicle): Server {
  const server = createServer(
    { requestTimeout: REQUEST_MS, connectionsCheckingInterval: REQUEST_MS },
    (request, response) => {
      const url = urlOf(request);
      if (request.method === 'GET' && url !== undefined && isBroadcast(url.pathname))
        broadcast(chronicle, url, request, response);
      else void answer(operations, request, response);
    },
  );
  return server;
}

async function answer(
  operations: Promise<Operations>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = request;
  const route = ROUTES[`${method} ${url}`];
  const allowed = METHODS.get(url);
  if (allowed === undefined) return say(response, 404, { error: { code: 'usage', message: `There is no ${url}` } });
  if (route === undefined || !Object.hasOwn(ROUTES, `${method} ${url}`))
    return say(response.setHeader('Allow', allowed), 405, {
      error: { code: 'usage', message: `${url} wants ${allowed}` },
    });
  const asker = new AbortController();
  response.once('close', () => asker.abort());
  try {
    say(response, 200, await route(await operations, await bodyOf(request), asker.signal));
  } catch (error) {
    say(response, statusOf(error), { error: detailsOf(error) });
  }
}

function say(response: ServerResponse, status: number, content: object | string): void {
  const text = typeof content === 'string' ? content : `${JSON.stringify(content)}\n`;
  const type = typeof content === 'string' ? METRICS_TYPE : 'application/json';
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

function urlOf({ url = '' }: IncomingMessage): URL | undefined {
  return URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost') : undefined;
}

async function bodyOf(request: IncomingMessage): Promise<Body> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > MAX_BODY) throw new ZdlbError('usage', `Met a body of more than ${MAX_BODY} bytes`);
  }
  if (text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body;
  } catch {}
  throw new ZdlbError('usage', 'Met a body that is no JSON object');
}

const statusOf = (error: unknown) => (error instanceof ZdlbError ? (STATUSES[error.code] ?? 500) : 500);
