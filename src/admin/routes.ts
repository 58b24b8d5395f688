import type { IncomingMessage, ServerResponse } from 'node:http';
import { JSON_TYPE, TEXT, answer } from './answer.js';
import { eventsRoute } from './events-route.js';
import type { Exhibit } from './exhibit.js';

/** One thing to look at. */
export interface Route {
  /** Whether it is no secret: shown without the token too. */
  readonly isPublic: boolean;
  show(exhibit: Exhibit, request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

/** By path. */
export type Routes = ReadonlyMap<string, Route>;

/** What is read at the admin port. Whether an instance wants traffic is no secret: the probes of orchestrators know no token. */
export const routes = (): Routes =>
  new Map<string, Route>([
    ['/healthz', { isPublic: true, show: showHealth }],
    ['/status', { isPublic: false, show: showStatus }],
    ['/events', eventsRoute()],
  ]);

function showHealth(exhibit: Exhibit, _request: IncomingMessage, response: ServerResponse): void {
  const health = exhibit.health();
  answer(response, health === 'ok' ? 200 : 503, TEXT, `${health}\n`);
}

function showStatus(exhibit: Exhibit, _request: IncomingMessage, response: ServerResponse): void {
  answer(response, 200, JSON_TYPE, `${JSON.stringify(exhibit.status())}\n`);
}
