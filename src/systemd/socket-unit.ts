import { isIP } from 'node:net';
import { ZdlbError } from '../core/errors.js';
import { type PublicAddress, writtenAddress } from '../core/public-address.js';
import { restOfLine } from './unit-text.js';

/** As many as zdlb itself lets wait. */
const BACKLOG = 4_096;

/** What a socket unit is made of. */
export interface SocketSettings {
  readonly name: string;
  /** Where the first port is open. */
  readonly addresses: readonly PublicAddress[];
  /** The permissions of a Unix socket's file. */
  readonly socketMode: number;
}

/**
 * A unit for the public addresses of an instance (systemd.socket(5)), as text.
 *
 * @throws {ZdlbError} `usage`, when an address is none that systemd can open
 */
export function socketUnit({ name, addresses, socketMode }: SocketSettings): string {
  const hasFile = addresses.some((address) => 'path' in address);
  return [
    '[Unit]',
    `Description=Public sockets of ${name}`,
    '',
    '[Socket]',
    ...addresses.map((address) => `ListenStream=${listenStream(address)}`),
    'BindIPv6Only=both',
    ...(hasFile ? [`SocketMode=${socketMode.toString(8).padStart(4, '0')}`] : []),
    `Backlog=${BACKLOG}`,
    '',
    '[Install]',
    'WantedBy=sockets.target',
    '',
  ].join('\n');
}

function listenStream(address: PublicAddress): string {
  if ('path' in address) return restOfLine(address.path);
  const { port, host } = address;
  if (host === undefined) return String(port);
  if (isIP(host) !== 0) return writtenAddress(address);
  throw new ZdlbError('usage', `Cannot make a socket unit for ${host}: systemd looks up no names. Give its address`);
}
