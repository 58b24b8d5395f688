import { fileURLToPath } from 'node:url';

/** What node is given to run `zdlb`. With hyphens, as its first line has them: Node 20 would take --env-file for its own. */
export const BIN = ['--', fileURLToPath(new URL('../../bin/zdlb.js', import.meta.url))] as const;
