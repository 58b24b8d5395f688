import { BlockList, isIPv4 } from 'node:net';
import { groupsOf, plainAddress } from './address.js';

/** What {@link parseNetworks} understands, for the end of the sentence "met X, wanted …". */
export const WANTED_NETWORKS = 'an address, a CIDR range such as 10.0.0.0/8, or unix';
/** The word for those who come over a Unix socket of this machine. */
export const UNIX = 'unix';

const RANGE = /^([^/%]+)(?:\/(0|[1-9]\d{0,2}))?$/;
/** How far the prefix of an IPv4-mapped range counts from the IPv4 one. */
const MAPPED_BITS = 96;

interface Range {
  readonly address: string;
  readonly prefix: number;
}

/** A list of addresses and CIDR ranges, and perhaps Unix sockets, such as those of proxies that may be believed. */
export class Networks {
  /** One for each family: a BlockList takes IPv4 for a part of IPv6, and `::/0` would match every IPv4 address. */
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();

  readonly #hasUnix: boolean;

  /** Whether there is none of them. */
  readonly isEmpty: boolean;

  /** @param hasUnix whether those who come over Unix sockets belong to them */
  constructor(ranges: readonly Range[], hasUnix = false) {
    this.isEmpty = ranges.length === 0 && !hasUnix;
    this.#hasUnix = hasUnix;
    for (const { address, prefix } of ranges) {
      if (isIPv4(address)) this.#ipv4.addSubnet(address, prefix, 'ipv4');
      else this.#ipv6.addSubnet(address, prefix, 'ipv6');
    }
  }

  /**
   * Whether `address` is in one of them; of an IPv6 address the zone does not count, and an IPv4-mapped one is IPv4. False
   * for whatever is no address, nor the word `unix`. It takes about 2 µs, so ask once for a connection.
   */
  trusts(address: string): boolean {
    if (address === UNIX) return this.#hasUnix;
    const plain = plainAddress(address);
    if (plain === undefined) return false;
    return isIPv4(plain) ? this.#ipv4.check(plain, 'ipv4') : this.#ipv6.check(plain, 'ipv6');
  }
}

/**
 * Reads addresses, CIDR ranges and the word `unix`: a comma separated text, or a list of texts. Undefined when one of them is
 * neither.
 *
 * A range with bits behind its prefix (`10.0.0.1/8`) is refused: it may be a slip for the one host, and whom to trust is
 * nothing to guess. Names, ports and zones are refused too.
 */
export function parseNetworks(raw: unknown): Networks | undefined {
  const texts: readonly unknown[] = typeof raw === 'string' ? raw.split(',') : Array.isArray(raw) ? raw : [undefined];
  const written = texts.map((text) => (typeof text === 'string' ? text.trim() : ''));
  const ranges = written.filter((text) => text !== UNIX).map(parseRange);
  return ranges.every((range) => range !== undefined) ? new Networks(ranges, written.includes(UNIX)) : undefined;
}

function parseRange(text: string): Range | undefined {
  const [, written = '', bits] = RANGE.exec(text) ?? [];
  const address = plainAddress(written);
  if (address === undefined) return undefined;
  const all = groupsOf(address).length * 16;
  const isMapped = isIPv4(address) && !isIPv4(written);
  const prefix = bits === undefined ? all : Number(bits) - (isMapped ? MAPPED_BITS : 0);
  return prefix >= 0 && prefix <= all && !hasBitsBehind(address, prefix) ? { address, prefix } : undefined;
}

function hasBitsBehind(address: string, prefix: number): boolean {
  return groupsOf(address).some((group, index) => {
    const kept = Math.min(16, Math.max(0, prefix - index * 16));
    return (group & (0xffff >> kept)) !== 0;
  });
}
