import type { Backend } from './backend.js';
import type { Claimant } from './balancer.js';
import { LeastConnections } from './least-connections.js';
import { RandomTwo } from './random-two.js';
import { RoundRobin } from './round-robin.js';
import { SourceHash } from './source-hash.js';

/** How a claim finds its backend. */
export interface Policy {
  /**
   * The one of `rotation` that `claimant` gets. One without room is waited for, whatever else has room; with undefined
   * anybody will do who has room first.
   */
  choose(rotation: readonly Backend[], claimant: Claimant): Backend | undefined;
}

const POLICIES = {
  'round-robin': () => new RoundRobin(),
  'least-connections': () => new LeastConnections(),
  'random-two': () => new RandomTwo(),
  'source-hash': () => new SourceHash(),
} satisfies Record<string, () => Policy>;

/** What `--balance` may say. */
export type PolicyName = keyof typeof POLICIES;

/** The policy of that name, with nobody's turn yet. */
export function makePolicy(name: PolicyName): Policy {
  return POLICIES[name]();
}
