import type { AgentSettings } from '../core/messages.cjs';

/** A listen() on a TCP port. */
export interface Wish {
  /** The port that the program asks for. */
  readonly asked: number;
  readonly isHttp: boolean;
  /** The IP address that the program asks for; absent: all of them. */
  readonly address?: string;
  /** Of all addresses, those of IPv6. */
  readonly ipv6Only?: boolean;
  /** Set for `reusePort`, with which two sockets may hold one port. */
  readonly isShareable?: boolean;
}

/** A public port of this program, and the wish that opened it. */
export interface Claim extends Wish {
  /** The port that clients use; `undecided` until the port map settles, `private` for a listen(0) that lost `--port`. */
  port: number | 'undecided' | 'private';
  /** Whether the program has asked for the public port, and may open a second address of it. */
  isTold: boolean;
}

export type Verdict =
  | { readonly kind: 'native' }
  | { readonly kind: 'claimed'; readonly claim: Claim }
  /** A further address of a port that is claimed already. */
  | { readonly kind: 'shared'; readonly claim: Claim }
  /** Another server of this program holds the port: EADDRINUSE. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Which public port each listen() of the program gets.
 *
 * A port is public under the number that the program asks for. Only `--port N` moves one: it names the listen() that asks
 * for N, else the first HTTP server, else the first server. The two "else" are known only once the program has opened what
 * it opens, so until somebody asks for N the claims stay undecided, and {@link PortMap.settle} decides them. Later generations
 * find the map made (`ports`), and wait for nothing. Where Unix sockets are all that is public of the first port (`first`), it
 * is found by the same rule, and keeps its number; there the first HTTP server is it as soon as it comes.
 */
export class PortMap {
  readonly #wanted: AgentSettings['port'];
  readonly #isMade: boolean;
  /** Asked to public port, as far as decided. */
  readonly #ports: Map<number, number>;
  readonly #claims = new Set<Claim>();
  /** What the first port was asked for as: the one that `--port` (or `first`) names, without it the first one opened. */
  #first: number | undefined;
  #isFirstWish = true;

  constructor(settings: Pick<AgentSettings, 'port' | 'ports'>) {
    this.#wanted = settings.port;
    this.#isMade = settings.ports !== undefined;
    this.#ports = new Map(settings.ports);
    this.#first = settings.ports?.find(([, port]) => port === settings.port)?.[0];
  }

  get isUndecided(): boolean {
    return [...this.#claims].some((claim) => claim.port === 'undecided');
  }

  open(wish: Wish): Verdict {
    if (!this.#isMapped(wish)) return { kind: 'native' };
    const held = this.#holder(wish);
    if (held !== undefined) return overlap(held, wish) ? { kind: 'taken' } : { kind: 'shared', claim: held };
    if (this.#isTooLate(wish)) return { kind: 'refused', reason: this.#lateness(wish.asked) };
    return { kind: 'claimed', claim: this.#claim(wish) };
  }

  /** The server of a claim has closed; another may have the port. */
  close(claim: Claim): void {
    this.#claims.delete(claim);
  }

  /** Applies the rule to the claims so far. */
  settle(): void {
    const chosen = this.#candidate();
    if (chosen !== undefined) this.#choose(chosen);
  }

  /** The public port of a claim; while it is undecided, what it would be if nothing else came. */
  portOf(claim: Claim): number {
    if (typeof claim.port === 'number') return claim.port;
    return claim === this.#candidate() ? this.#nameOf(claim) : claim.asked;
  }

  /** Whether the claim is on the first port, whose public address is `--host`. */
  isFirst(claim: Claim): boolean {
    return this.#first === undefined ? claim === this.#candidate() : claim.asked === this.#first;
  }

  /** `listen(0)` is mapped only as the first server and only with `--port`. */
  #isMapped({ asked }: Wish): boolean {
    const isFirstWish = this.#isFirstWish;
    this.#isFirstWish = false;
    if (this.#wanted === 'none') return false;
    if (asked !== 0 || this.#ports.has(0)) return asked !== 0 || isFirstWish;
    return isFirstWish && this.#wanted !== undefined && !this.#isMade;
  }

  /** The claim on the same port: as asked for, or as the program was told (Fastify opens ::1 on what address() says). */
  #holder(wish: Wish): Claim | undefined {
    const claims = [...this.#claims];
    return (
      claims.find((claim) => claim.asked === wish.asked) ??
      claims.find((claim) => claim.isTold && this.portOf(claim) === wish.asked && areTwoAddresses(claim, wish))
    );
  }

  #claim(wish: Wish): Claim {
    const claim: Claim = { ...wish, port: 'undecided', isTold: false };
    this.#claims.add(claim);
    if (wish.asked === this.#wanted || this.#isNamed(wish)) this.#choose(claim);
    else if (this.#isDecided(wish.asked)) this.#decide(claim, this.#ports.get(wish.asked) ?? wish.asked);
    return claim;
  }

  /** Nothing that comes later could be the first HTTP server. */
  #isNamed({ isHttp }: Wish): boolean {
    return this.#wanted === 'first' && isHttp && !this.#isMade && this.#first === undefined;
  }

  #isDecided(asked: number): boolean {
    return this.#isMade || this.#wanted === undefined || this.#first !== undefined || this.#ports.has(asked);
  }

  #decide(claim: Claim, port: number): void {
    claim.port = port;
    this.#ports.set(claim.asked, port);
    if (this.#wanted === undefined || port === this.#wanted) this.#first ??= claim.asked;
  }

  /** Under which number the first port is public. */
  #nameOf({ asked }: Claim): number {
    return typeof this.#wanted === 'number' ? this.#wanted : asked;
  }

  #candidate(): Claim | undefined {
    const undecided = [...this.#claims].filter((claim) => claim.port === 'undecided');
    return undecided.find((claim) => claim.isHttp) ?? undecided[0];
  }

  /** Gives `--port` to a claim; the others keep what they asked for. */
  #choose(chosen: Claim): void {
    this.#first ??= chosen.asked;
    this.#decide(chosen, this.#nameOf(chosen));
    for (const claim of this.#claims) {
      if (claim.port !== 'undecided') continue;
      if (claim.asked === 0) claim.port = 'private';
      else this.#decide(claim, claim.asked);
    }
  }

  /** Whether `--port` is asked for after it was given to a server that did not ask for it. */
  #isTooLate({ asked }: Wish): boolean {
    return asked === this.#wanted && this.#first !== undefined && this.#first !== asked;
  }

  #lateness(asked: number): string {
    return (
      `the program asks for --port ${asked}, which its server on port ${this.#first} was given, since nothing had asked for ` +
      `${asked} in time; let the program open ${asked} first, or choose another --port`
    );
  }
}

/** Whether the kernel would refuse the second with EADDRINUSE. */
function overlap(held: Wish, wish: Wish): boolean {
  if (held.isShareable === true || wish.isShareable === true) return false;
  return addressOf(held) === addressOf(wish) || covers(held, addressOf(wish)) || covers(wish, addressOf(held));
}

const addressOf = ({ address, ipv6Only }: Wish) => address ?? (ipv6Only === true ? '::' : undefined);

/** An absent address and `::` stand for IPv4 too, unless for `ipv6Only`. */
function covers({ ipv6Only, address: wide }: Wish, address: string | undefined): boolean {
  if (wide === '0.0.0.0') return address?.includes(':') !== true;
  return (wide === undefined || wide === '::') && (ipv6Only !== true || address?.includes('.') !== true);
}

const isWildcard = (address: string | undefined) => address === undefined || address === '0.0.0.0' || address === '::';

function areTwoAddresses(held: Wish, wish: Wish): boolean {
  return !isWildcard(held.address) && !isWildcard(wish.address) && held.address !== wish.address;
}
