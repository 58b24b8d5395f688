import type { IncomingMessage, ServerResponse } from 'node:http';
import { METRICS_TYPE } from '../core/metrics-type.js';
import { HTML, JSON_TYPE, TEXT, answer } from './answer.js';
import { assetRoutes } from './assets.js';
import { eventsRoute } from './events-route.js';
import type { Exhibit } from './exhibit.js';
import type { History } from './history.js';
import { pageView, sceneOf } from './view/page-view.js';

/** One thing to look at. */
export interface Route {
  /** Whether it is no secret: shown without the token too. */
  readonly isPublic: boolean;
  show(exhibit: Exhibit, request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

/** By path. */
export type Routes = ReadonlyMap<string, Route>;

/** What is read at the admin port. Whether an instance wants traffic is no secret: the probes of orchestrators know no token. */
export const routes = (history: Promise<History>): Routes =>
  new Map<string, Route>([
    ['/', { isPublic: false, show: showPage }],
    ['/sign-in', { isPublic: false, show: showSignedIn }],
    ['/healthz', { isPublic: true, show: showHealth }],
    ['/status', { isPublic: false, show: showStatus }],
    ['/metrics', { isPublic: false, show: showMetrics }],
    ['/events', eventsRoute()],
    [
      '/history',
      { isPublic: false, show: async (_exhibit, request, response) => showHistory(await history, request, response) },
    ],
    ...assetRoutes(),
  ]);

function showPage(exhibit: Exhibit, _request: IncomingMessage, response: ServerResponse): void {
  answer(response, 200, HTML, pageView(sceneOf(exhibit.status(), exhibit.events(), Date.now())).text);
}

/** Where browsers are sent that ask for the token themselves; they know it by now. */
function showSignedIn(_exhibit: Exhibit, _request: IncomingMessage, response: ServerResponse): void {
  answer(response, 303, TEXT, '', { Location: '/' });
}

function showHealth(exhibit: Exhibit, _request: IncomingMessage, response: ServerResponse): void {
  const health = exhibit.health();
  answer(response, health === 'ok' ? 200 : 503, TEXT, `${health}\n`);
}

function showStatus(exhibit: Exhibit, _request: IncomingMessage, response: ServerResponse): void {
  answer(response, 200, JSON_TYPE, `${JSON.stringify(exhibit.status())}\n`);
}

/** `?since=` the time of the last point that is known. */
function showHistory(history: History, { url = '' }: IncomingMessage, response: ServerResponse): void {
  const since = Number(new URLSearchParams(url.split('?', 2)[1]).get('since') ?? 0);
  answer(response, 200, JSON_TYPE, `${JSON.stringify({ points: history.since(since) })}\n`);
}

async function showMetrics(exhibit: Exhibit, _request: IncomingMessage, response: ServerResponse): Promise<void> {
  answer(response, 200, METRICS_TYPE, await exhibit.metrics());
}
