import type { Balancer } from './balancer.js';
import type { Book } from './book.js';
import { HttpProxyRelay } from './http-proxy/relay.js';
import { HttpRelay } from './http-relay.js';
import type { HttpSettings } from './http-settings.js';
import type { Relay } from './listener.js';

/** What forwards HTTP: zdlb's own relay, or Node's parser and the http-proxy package. */
export type HttpEngine = 'relay' | 'http-proxy';

/** A relay of requests, whatever forwards them. */
export interface HttpEngineRelay extends Relay {
  /** In force from the next head on. */
  settings: HttpSettings;
}

/** The relay of an http port; http-proxy is loaded only here, and only when it is chosen. */
export function makeHttpRelay(
  engine: HttpEngine,
  balancer: Balancer,
  settings: HttpSettings,
  book?: Book,
): HttpEngineRelay {
  return engine === 'http-proxy'
    ? new HttpProxyRelay(balancer, settings, book)
    : new HttpRelay(balancer, settings, book);
}
