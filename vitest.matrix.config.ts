import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** `npm run test:matrix`: thousands of slow clients, a kill a second for half a minute, bodies of 1 GiB, addresses in all modes, each command of the docs. About six minutes. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: [
      'test/integration/{kills,slow-clients,large-bodies,http-long-bodies,bench,tcp-programs,tcp-retiring,client-address,private-ports,page}.test.ts',
      'test/docs/docs.test.ts',
    ],
    env: {
      ZDLB_TEST_KILLS: '30',
      ZDLB_TEST_SLOW_CLIENTS: '5000',
      ZDLB_TEST_BODY_MIB: '1024',
      ZDLB_TEST_ADDRESSES: 'all',
      ZDLB_TEST_BENCH: 'all',
      ZDLB_TEST_PAGE: 'all',
      ZDLB_TEST_DOCS: 'all',
    },
    // Each wants the machine for itself.
    maxWorkers: 1,
  },
});
