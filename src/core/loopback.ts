import { plainAddress } from './address.js';

/**
 * Whether only this machine reaches what listens there: `localhost`, 127.0.0.0/8 or ::1 (RFC 6761 6.3, RFC 1122 3.2.1.3, RFC 4291
 * 2.5.3). Of any other name nobody can tell before it is looked up.
 */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const plain = plainAddress(host);
  return plain === '::1' || plain?.startsWith('127.') === true;
}
