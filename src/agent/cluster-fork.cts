import cluster from 'node:cluster';
import { syncBuiltinESMExports } from 'node:module';
import type { Channel } from './channel.cjs';

const REASON =
  'the program calls cluster.fork(); zdlb already runs the workers and balances over them: ' +
  'let the program itself listen, and choose their number with --workers';

/** A program that forks its own cluster would bind the public port in children that nobody supervises. */
export function refuseClusterFork(channel: Channel): void {
  cluster.fork = () => {
    channel.send({ type: 'refused', reason: REASON });
    throw new Error(REASON);
  };
  syncBuiltinESMExports();
}
