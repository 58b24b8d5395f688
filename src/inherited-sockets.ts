import type { Journal } from './core/journal.js';
import type { PassedAddress } from './core/passed-address.js';
import { type PublicAddress, writtenAddress } from './core/public-address.js';
import type { Neighbourhood, Passed } from './proxy/listener.js';

/** How long a program may take to open further ports before a socket that nobody serves is named in the log. */
const UNSERVED_MS = 2_000;

/** The sockets that a service manager has opened for a front, beside the public addresses that are open. */
export class InheritedSockets {
  readonly all: readonly (PassedAddress & Passed)[];
  readonly #journal: Journal;
  /** All public addresses that are open. */
  readonly #open = new Set<PublicAddress>();

  constructor(all: readonly (PassedAddress & Passed)[], journal: Journal) {
    this.all = all;
    this.#journal = journal;
  }

  /** What the listeners of a front share. */
  get neighbourhood(): Neighbourhood {
    return { open: this.#open, passed: (address) => this.all.find((socket) => socket.address === address) };
  }

  has(address: PublicAddress): boolean {
    return this.all.some((socket) => socket.address === address);
  }

  /** Looks, in a while, whether all of them are served, if `isServing` then: clients would wait there without end. */
  watch(isServing: () => boolean): void {
    if (this.all.length === 0) return;
    setTimeout(() => void (isServing() && this.#tellUnserved()), UNSERVED_MS).unref();
  }

  #tellUnserved(): void {
    for (const { address } of this.all.filter((socket) => !this.#open.has(socket.address)))
      this.#journal.warn(
        { event: 'socket.unserved', ...address },
        `Nothing is served on the passed socket ${writtenAddress(address)}: the program has not asked for that port`,
      );
  }
}
