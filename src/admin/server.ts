import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { accessOf } from './access.js';
import { HTML, TEXT, answer, guard } from './answer.js';
import type { Exhibit } from './exhibit.js';
import { History } from './history.js';
import { type Route, type Routes, routes } from './routes.js';
import type { Token } from './token.js';
import { signInView } from './view/page-view.js';

/** So many connections at a time; browsers open six each. Further ones are closed. */
const MAX_CONNECTIONS = 256;
const MAX_HEAD_BYTES = 16 * 1024;
/** How long a request may take to come, in milliseconds. */
const REQUEST_MS = 10_000;

/** Who may look, and by what name. */
export interface Guarded {
  /** The host of `--admin`. */
  readonly host: string | undefined;
  /** Looked at for each request: it may be another one by then. */
  readonly token: Token | undefined;
}

/**
 * A server, not listening yet, that shows an instance to whoever may look. It changes nothing: there are GET and HEAD, and no bodies.
 *
 * @param exhibit whoever asks before it is there has to wait
 */
export function adminServer(guarded: Guarded, exhibit: Promise<Exhibit>): Server {
  const bounds = {
    maxHeaderSize: MAX_HEAD_BYTES,
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    connectionsCheckingInterval: REQUEST_MS / 2,
  };
  const history = exhibit.then(historyOf);
  const all = routes(history);
  const server = createServer(bounds, (request, response) => {
    guard(response);
    const route = routeOf(all, guarded, request, response);
    if (route !== undefined) void show(route, exhibit, request, response);
  });
  server.once('close', () => void history.then((taken) => taken.end()));
  server.maxConnections = MAX_CONNECTIONS;
  // Looking on never keeps the process from ending.
  server.on('connection', (socket) => void socket.unref());
  return server.unref();
}

function historyOf(exhibit: Exhibit): History {
  const history = new History(() => exhibit.status());
  history.begin();
  return history;
}

/** What is to be shown; undefined when the request has been refused. */
function routeOf(all: Routes, guarded: Guarded, request: IncomingMessage, response: ServerResponse): Route | undefined {
  const access = accessOf(request.headers, guarded.host, guarded.token);
  if (access === 'none') return refuse(response, 421, UNKNOWN_HOST);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refuse(response, 405, 'Met another method, wanted GET or HEAD: orders are given by zdlb on this machine', {
      Allow: 'GET, HEAD',
    });
  if (hasBody(request)) return refuse(response, 413, 'Met a body, wanted none: here is only something to read');
  const [path = ''] = (request.url ?? '').split('?', 1);
  const route = all.get(path);
  if (route?.isPublic === true) return route;
  if (access !== 'all') return challenge(path, response);
  return route ?? refuse(response, 404, `Met another path, wanted one of ${shown(all)}`);
}

/** The paths that are of use to others than the page. */
const shown = (all: Routes) => [...all.keys()].filter((path) => !path.startsWith('/page/')).join(' ');

/** The page asks for the token itself; a browser does where it is sent for that, since it works without JavaScript. */
function challenge(path: string, response: ServerResponse): undefined {
  const fields = { 'WWW-Authenticate': `${path === '/sign-in' ? 'Basic' : 'Bearer'} realm="zdlb", charset="UTF-8"` };
  if (path === '/') answer(response, 401, HTML, signInView().text, fields);
  else answer(response, 401, TEXT, WITHOUT_TOKEN, fields);
}

const WITHOUT_TOKEN = 'Wanted: Authorization: Bearer, and the token in the file of --admin-token-file\n';

const UNKNOWN_HOST =
  'Met a Host that is not known here, wanted an address, localhost, or the name in --admin: a foreign page could be behind it';

function refuse(response: ServerResponse, status: number, reason: string, fields = {}): undefined {
  // Whatever else the request has is not read any more.
  answer(response, status, TEXT, `${reason}\n`, { ...fields, Connection: 'close' });
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

async function show(
  route: Route,
  exhibit: Promise<Exhibit>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await route.show(await exhibit, request, response);
  } catch {
    if (response.headersSent) response.destroy();
    else answer(response, 500, TEXT, 'zdlb could not look that up\n');
  }
}
