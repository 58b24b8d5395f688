import type { Server } from 'node:http';

/**
 * About 12 days (ms): in effect never. No larger, since Node 24 adds its `keepAliveTimeoutBuffer` and a timer of 2^31 ms
 * or more would fire at once.
 */
const NEVER = 2 ** 30;

/**
 * Only the front closes idle connections to a worker: were the worker to do it, a request could cross the close and be lost.
 * Node sets this time after each response, over `server.timeout` too, whatever the program has chosen.
 */
export function keepIdleConnections(server: Server): void {
  if (server.keepAliveTimeout === NEVER) return;
  Object.defineProperty(server, 'keepAliveTimeout', {
    get: () => NEVER,
    set: () => {},
    configurable: true,
    enumerable: true,
  });
}
