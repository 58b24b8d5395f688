import type { End } from '../end.js';
import { isOwnWant } from '../upstream.js';

/** How a request ends whose worker could not be connected to. */
export function notConnectedBy(error: NodeJS.ErrnoException): End {
  if (isOwnWant(error)) return 'exhausted';
  return error.code === 'ETIMEDOUT' ? 'timeout-connect' : 'worker-unreachable';
}

/** How it ends when the worker's connection failed later, or what came on it is no HTTP. */
export function lostBy({ code }: NodeJS.ErrnoException): End {
  return code?.startsWith('HPE_') === true ? 'worker-malformed' : 'worker-lost';
}
