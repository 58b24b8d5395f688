import type { Socket } from 'node:net';

/** How long a connection may take over its header (ms). The front writes it as soon as it hears that it is connected. */
const HEADER_MS = 2000;
/** How many may stay; the oldest is dropped for one more. */
const MAX_STRANGERS = 1024;
/** How many in a flood, and how long one is spared in it (ms): the front's own may be among them, and the front busy. */
const MAX_IN_FLOOD = 4096;
const SPARED_MS = 500;

/** The connections to this process that have not shown yet whose they are. */
export class Strangers {
  readonly #since = new Map<Socket, number>();
  readonly #timers = new Map<Socket, NodeJS.Timeout>();

  /** Drops `socket` when it is too late, or the oldest when they are too many. */
  add(socket: Socket): void {
    this.#since.set(socket, performance.now());
    this.#timers.set(socket, setTimeout(() => this.#dropSoon(socket), HEADER_MS).unref());
    if (this.#since.size > MAX_STRANGERS) this.#makeRoom();
  }

  /** It is the front's, or gone. */
  delete(socket: Socket): void {
    clearTimeout(this.#timers.get(socket));
    this.#timers.delete(socket);
    this.#since.delete(socket);
  }

  #makeRoom(): void {
    const [oldest, since] = this.#since.entries().next().value!;
    if (this.#since.size <= MAX_IN_FLOOD && performance.now() - since < SPARED_MS) return;
    this.#since.delete(oldest); // at once: before it is dropped, more strangers may come
    this.#dropSoon(oldest);
  }

  /**
   * In a process that was blocked, time is up, or many have come, before a header is read that has long been there, and it
   * may be the front's. Within two turns of the event loop everything was read that is there now.
   */
  #dropSoon(socket: Socket): void {
    const drop = (): void => void (this.#timers.has(socket) && socket.destroy());
    setImmediate(() => setImmediate(drop));
  }
}
