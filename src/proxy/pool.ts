import type { Upstream, UpstreamUser } from './upstream.js';

/** More idle sockets to one worker than this are closed instead of kept. */
const MAX_IDLE = 512;

/** The idle upstream sockets of one backend, the one used last on top: those below may grow cold and be closed. */
export class Pool implements UpstreamUser {
  readonly #idle: Upstream[] = [];

  /** A connected socket that is not stale, now `user`'s. */
  take(user: UpstreamUser): Upstream | undefined {
    for (;;) {
      const upstream = this.#idle.pop();
      if (upstream === undefined) return undefined;
      if (upstream.staleAt === Infinity || upstream.staleAt > performance.now()) {
        upstream.user = user;
        return upstream;
      }
      upstream.discard();
    }
  }

  /** @param staleAt when it is not used again, on the clock of `performance.now()` */
  put(upstream: Upstream, staleAt: number): void {
    if (this.#idle.length >= MAX_IDLE) return upstream.discard();
    upstream.user = this;
    upstream.staleAt = staleAt;
    this.#idle.push(upstream);
  }

  clear(): void {
    for (const upstream of this.#idle.splice(0)) upstream.discard();
  }

  connected(): void {}

  drained(): void {}

  /** Nobody asked for these bytes: a socket that misbehaved is never used again. */
  received(upstream: Upstream): void {
    this.#drop(upstream);
  }

  ended(upstream: Upstream): void {
    this.#drop(upstream);
  }

  lost(upstream: Upstream): void {
    this.#drop(upstream);
  }

  #drop(upstream: Upstream): void {
    const index = this.#idle.indexOf(upstream);
    if (index !== -1) this.#idle.splice(index, 1);
    upstream.discard();
  }
}
