import { createServer } from 'node:net';

const FIRST = 20_000;
const COUNT = 10_000;
const REUSED_AFTER_MS = 3_600_000;

/**
 * Private ports for programs that no agent maps: from 20000 to 29999, which is below where systems take the ports of outgoing
 * connections from. None is given out twice within an hour, so that whoever kept an address for a while never reaches another
 * program there. It begins anywhere, to keep out of the way of other instances and of the one that ran before.
 */
export class PortAllotment {
  readonly #isFree: (port: number) => boolean;
  readonly #now: () => number;
  /** When each was given out, the oldest first. */
  readonly #given = new Map<number, number>();
  #next = Math.floor(Math.random() * COUNT);

  constructor(isFree: (port: number) => boolean = isUnused, now: () => number = () => performance.now()) {
    this.#isFree = isFree;
    this.#now = now;
  }

  /** A port that nobody listens on; undefined when there is none left. */
  take(): number | undefined {
    this.#forget();
    for (let tries = 0; tries < COUNT; tries++) {
      const port = FIRST + (this.#next++ % COUNT);
      if (this.#given.has(port) || !this.#isFree(port)) continue;
      this.#given.set(port, this.#now());
      return port;
    }
    return undefined;
  }

  #forget(): void {
    const since = this.#now() - REUSED_AFTER_MS;
    for (const [port, at] of this.#given) {
      if (at > since) return;
      this.#given.delete(port);
    }
  }
}

/** A listen() that names no host binds before it returns. Where that should change, ports are taken on trust. */
const tellsAtOnce = binds(0);

function isUnused(port: number): boolean {
  return !tellsAtOnce || binds(port);
}

/** On all addresses, so that whoever has the port on any of them is noticed. */
function binds(port: number): boolean {
  const server = createServer().on('error', () => {});
  server.listen(port);
  const { listening } = server;
  server.close();
  return listening;
}
