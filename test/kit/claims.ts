import { Backend } from '../../src/proxy/backend.js';
import type { Balancer, Claimant } from '../../src/proxy/balancer.js';
import type { Lease } from '../../src/proxy/lease.js';

/** Backends of the slots 0 … count-1, at which nobody listens. */
export const backends = (count: number) =>
  Array.from({ length: count }, (_, slot) => new Backend({ address: { port: slot + 1 } }, { slot }));

/** A claimant that only notes what it gets. */
export class Waiter implements Claimant {
  readonly source: number | undefined;
  readonly slot: number | undefined;
  lease: Lease | undefined;
  isRefused = false;

  constructor({ source, slot }: Pick<Claimant, 'source' | 'slot'> = {}) {
    this.source = source;
    this.slot = slot;
  }

  claimed(lease: Lease): void {
    this.lease = lease;
  }

  refused(): void {
    this.isRefused = true;
  }
}

/** Claims a lease for whoever wants `which`. */
export function claim(balancer: Balancer, which: Pick<Claimant, 'source' | 'slot'> = {}): Waiter {
  const waiter = new Waiter(which);
  balancer.claim(waiter);
  return waiter;
}
