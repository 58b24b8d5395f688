import { SocketAddress, isIPv4, isIPv6 } from 'node:net';

const MAPPED = '::ffff:';
/** RFC 4291 2.5.4: what stands behind the first 64 bits of an IPv6 address tells the interface, and a host picks that freely. */
const NETWORK_GROUPS = 4;

/**
 * The address as the system writes it: without its zone, and an IPv4-mapped IPv6 address (RFC 4291 2.5.5.2), as
 * dual-stack sockets show IPv4 peers, as the IPv4 address that it is. Undefined for whatever is no address.
 */
export function plainAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return undefined;
  return unmapped(text) ?? canonical(text);
}

/**
 * What one subscriber has at least, to count by: an IPv4 address, or the /64 that an IPv6 address is in. Whoever has one
 * IPv6 address has the 2^64 of its network, so counting them one by one would be no bound.
 *
 * @param address as a socket shows it
 */
export function subscriberOf(address: string): string {
  if (!address.includes(':')) return address;
  const ipv4 = unmapped(address);
  if (ipv4 !== undefined) return ipv4;
  const network = groupsOf(withoutZone(address)).slice(0, NETWORK_GROUPS);
  return `${network.map((group) => group.toString(16)).join(':')}::/64`;
}

/** The 16-bit groups of a plain address: two of IPv4, eight of IPv6. */
export function groupsOf(plain: string): readonly number[] {
  const [head = '', tail] = plain.split('::');
  const front = partsOf(head);
  if (tail === undefined) return front;
  const back = partsOf(tail);
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
}

function partsOf(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').flatMap((part) => (part.includes('.') ? halves(part) : parseInt(part, 16)));
}

function halves(dotted: string): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** The form that the system itself uses is told without parsing: it is that of every IPv4 client of a dual-stack port. */
function unmapped(address: string): string | undefined {
  const rest = address.startsWith(MAPPED) ? address.slice(MAPPED.length) : '';
  return isIPv4(rest) ? rest : undefined;
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}

function canonical(address: string): string {
  const { address: written } = new SocketAddress({ address, family: 'ipv6' });
  return unmapped(written) ?? written;
}
