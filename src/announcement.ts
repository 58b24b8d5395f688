import type { Journal } from './core/journal.js';
import { type PublicAddress, writtenAddress } from './core/public-address.js';

/** What is to be known of an address that clients can connect to. */
interface Circumstances {
  /** A service manager has opened it. */
  readonly isPassed: boolean;
  /** `--sticky` is wanted. */
  readonly isSticky: boolean;
}

/** Tells that a port is open at an address. */
export function tellListening(
  journal: Journal,
  { port, mode }: { readonly port: number; readonly mode: 'http' | 'tcp' },
  address: PublicAddress,
  { isPassed, isSticky }: Circumstances,
): void {
  const balancing = mode === 'http' ? 'requests' : 'connections';
  const idle = mode === 'tcp' && isSticky ? ': --sticky does nothing there' : '';
  journal.info(
    { event: 'listening', port, mode, ...address, ...(isPassed && { isPassed }) },
    `Listening on ${inWords(address)}${isPassed ? ' (passed on, open already)' : ''}, balancing ${balancing}${idle}`,
  );
}

function inWords(address: PublicAddress): string {
  if ('path' in address) return writtenAddress(address);
  return `${address.host === undefined ? 'port' : `${address.host}, port`} ${address.port}`;
}
