import { isIP } from 'node:net';
import { integer } from './values.js';

/** Where clients connect to: a TCP port on an address (all of them without a host), or the path of a Unix socket. */
export type PublicAddress = InternetAddress | { readonly path: string };

export interface InternetAddress {
  readonly port: number;
  readonly host?: string;
  /** Not IPv4 too: what a program may ask for, but options can't say. */
  readonly ipv6Only?: boolean;
}

/** What {@link parsePublicAddress} understands, for the end of the sentence "met X, wanted …". */
export const WANTED_ADDRESS =
  'an address and a port such as 127.0.0.1:8000, [::1]:8000 or :8000, or a Unix socket such as unix:/run/app.sock';

/** `HOST:PORT`, `[IPv6]:PORT`, `:PORT`, or `unix:PATH`; undefined for anything else. */
const TCP = /^(?:\[([^[\]]*)\]|([^[\]:]*)):(\d+)$/;
const UNIX = 'unix:';

/** Reads a public address; undefined when the text is none. */
export function parsePublicAddress(text: string): PublicAddress | undefined {
  if (text.startsWith(UNIX)) return unixAddress(text.slice(UNIX.length));
  const [, ipv6, name = '', digits] = TCP.exec(text) ?? [];
  const port = integer(digits, 1, 65_535);
  if (port === undefined || (ipv6 !== undefined && isIP(ipv6) !== 6)) return undefined;
  const host = ipv6 ?? name;
  return host === '' ? { port } : { port, host };
}

/** A path that begins with a NUL byte would be a name without a file (Linux), for which no permissions hold. */
function unixAddress(path: string): PublicAddress | undefined {
  return path === '' || path.includes('\0') ? undefined : { path };
}

/** The port that stands for `--port` where that is not given: the first one of `--listen`. */
export function firstPort(addresses: readonly PublicAddress[]): number | undefined {
  return addresses.find((address) => 'port' in address)?.port;
}

/** As it is written in options. */
export function writtenAddress(address: PublicAddress): string {
  if ('path' in address) return `${UNIX}${address.path}`;
  const { port, host = '' } = address;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
