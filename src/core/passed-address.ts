import type { PublicAddress } from './public-address.js';

/** Where clients connect to a socket that a service manager has opened and passed on. */
export interface PassedAddress {
  readonly address: PublicAddress;
  /** The program's port that it stands for, by its name (`FileDescriptorName=3000`); absent: that of its own number, or the first. */
  readonly standsFor?: number;
}

/** What the command line, the environment and the file say about public addresses. */
interface Asked {
  readonly port?: number | 'none' | undefined;
  readonly listen: readonly PublicAddress[];
}

/**
 * The passed sockets that are the first port's without a word, as if by `--listen`: Unix sockets; and all others, when none has
 * a number that was asked for. (Else they wait for the program to ask for theirs.)
 */
export function impliedAddresses(passed: readonly PassedAddress[], { port, listen }: Asked): readonly PublicAddress[] {
  if (port === 'none') return [];
  const free = passed.filter(({ standsFor }) => standsFor === undefined).map(({ address }) => address);
  const asked = new Set<number | string | undefined>([port, ...listen.map(portOf)]);
  const isAsked = passed.some(({ address, standsFor }) => asked.has(standsFor ?? portOf(address) ?? 'none'));
  return free.filter((address) => 'path' in address || !isAsked).filter((address) => !isAmong(listen, address));
}

/** Those of the passed sockets that are the program's port `port`. */
export function passedFor(passed: readonly PassedAddress[], port: number): readonly PublicAddress[] {
  return passed
    .filter(({ address, standsFor }) => (standsFor ?? portOf(address)) === port)
    .map(({ address }) => address);
}

/** Those of the passed sockets at an address of the operator's: that one itself, or, where it names no host, all of its number. */
export function passedAt(passed: readonly PassedAddress[], wanted: PublicAddress): readonly PublicAddress[] {
  const all = passed.map(({ address }) => address);
  const itself = all.filter((address) => isSame(address, wanted));
  if (itself.length > 0 || 'path' in wanted || wanted.host !== undefined) return itself;
  return all.filter((address) => portOf(address) === wanted.port);
}

const isAmong = (addresses: readonly PublicAddress[], wanted: PublicAddress) =>
  addresses.some((address) => isSame(address, wanted));

function isSame(one: PublicAddress, other: PublicAddress): boolean {
  if ('path' in one || 'path' in other) return 'path' in one && 'path' in other && one.path === other.path;
  return one.port === other.port && hostOf(one) === hostOf(other);
}

/** No host is every address of either family: the socket that a service manager opens for that is one on `::`. */
const hostOf = ({ host = '::' }: { readonly host?: string }) => host;

const portOf = (address: PublicAddress) => ('port' in address ? address.port : undefined);
