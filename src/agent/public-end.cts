import { createServer, isIP, isIPv6, SocketAddress, type AddressInfo } from 'node:net';
import type { End } from './socket-ends.cjs';

let wildcard: string | undefined;

/**
 * What `server.address()` would show if the program really listened there.
 * @param address an IP address; absent: all addresses
 */
export function publicEnd(address: string | undefined, port: number): End {
  const shown = address === undefined ? (wildcard ??= probeWildcard()) : canonical(address);
  return { address: shown, family: isIPv6(shown) ? 'IPv6' : 'IPv4', port };
}

/** A host that is an IP address already; undefined for a name, which only the front resolves. */
export function ipOf(host: string | undefined): string | undefined {
  return host !== undefined && isIP(host) !== 0 ? host : undefined;
}

/** As the kernel would give it back: `::1` for `0:0:0:0:0:0:0:1`. */
function canonical(address: string): string {
  return new SocketAddress({ address, family: isIPv6(address) ? 'ipv6' : 'ipv4' }).address;
}

/** Node listens on `::` where the machine has IPv6, else on `0.0.0.0`; only trying tells. */
function probeWildcard(): string {
  const server = createServer().on('error', () => {});
  server.listen({ port: 0, exclusive: true });
  const address = server.address() as AddressInfo | null;
  server.close();
  return address?.address ?? '0.0.0.0';
}
