import type { IncomingHttpHeaders } from 'node:http';
import { isKnownHost } from './known-host.js';
import type { Token } from './token.js';

/** What a request may see: everything, what is no secret, or nothing, because a foreign page sent it. */
export type Access = 'all' | 'public' | 'none';

/**
 * What a request may see. Whoever knows the token may call this port by whatever name: a foreign page does not know it.
 *
 * @param configured the host of `--admin`
 * @param token what is to be known; without one, everybody who comes by a known name sees all
 */
export function accessOf(
  { host, authorization }: IncomingHttpHeaders,
  configured: string | undefined,
  token: Token | undefined,
): Access {
  if (token?.isIn(authorization) === true) return 'all';
  if (!isKnownHost(host, configured)) return 'none';
  return token === undefined ? 'all' : 'public';
}
