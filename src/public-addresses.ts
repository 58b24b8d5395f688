import { resolve } from 'node:path';
import type { Config } from './core/config.js';
import type { Listening } from './core/messages.cjs';
import { type PassedAddress, passedAt, passedFor } from './core/passed-address.js';
import type { InternetAddress, PublicAddress } from './core/public-address.js';
import { startFolder } from './supervisor/start-folder.js';

type Wanted = Pick<Config, 'port' | 'host' | 'listen'>;

/**
 * Where clients reach a port that the program has opened: where the program says, but the first port is the operator's. That
 * one is open at `--listen`; and at `--port`, too, if that is given and no `--listen` names it. A socket that was passed on has
 * been opened already, where the operator said, which goes for the program's own address.
 */
export function addressesOf(
  listening: Listening,
  isFirst: boolean,
  wanted: Wanted,
  passed: readonly PassedAddress[] = [],
): readonly PublicAddress[] {
  const own = orPassed([ownAddress(listening)], passedFor(passed, listening.port));
  if (!isFirst) return own;
  const { port, host, listen } = wanted;
  const placed = (address: PublicAddress) => orPassed([address], passedAt(passed, address));
  if (listen.length === 0) return host === undefined ? own : placed({ port: listening.port, host });
  const isNamed = port === undefined || listen.some((address) => 'port' in address && address.port === port);
  return [...listen.map(absolute).flatMap(placed), ...(isNamed ? [] : own)];
}

const orPassed = (wanted: readonly PublicAddress[], passed: readonly PublicAddress[]) =>
  passed.length === 0 ? wanted : passed;

/** Node 20 overlooks `ipv6Only` where no host is named. */
function ownAddress({ port, host, ipv6Only }: Listening): InternetAddress {
  if (ipv6Only === true) return { port, host: host ?? '::', ipv6Only };
  return host === undefined ? { port } : { port, host };
}

function absolute(address: PublicAddress): PublicAddress {
  if ('path' in address && address.path.startsWith('@')) return address; // a passed one without a file
  return 'path' in address ? { path: resolve(startFolder, address.path) } : address;
}
