import type { Balancer } from '../balancer.js';
import type { Book } from '../book.js';
import type { HttpSettings } from '../http-settings.js';
import type { Agents } from './agents.js';
import type { HttpProxy } from './package.js';
import type { Turns } from './turns.js';

/** What all requests of a public port go through. */
export interface Engine {
  readonly balancer: Balancer;
  readonly book: Book;
  /** In force from the next request on. */
  settings: HttpSettings;
  readonly proxy: HttpProxy;
  readonly agents: Agents;
  readonly turns: Turns;
}
