import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** What would make `npm test` longer than three minutes, by what it is about. */
export const LONG = [
  // every way to fail, and what watches for it
  'test/integration/{failures-*,watch-window,kills,soak}.test.ts',
  // programs of all kinds, and the other backend
  'test/integration/{programs,commands,command-reload,users,cluster-*,hand-over,watch}.test.ts',
  // addresses, strangers, and much to carry
  'test/integration/{client-address,listening,private-ports,haproxy,tcp-programs,large-bodies,access-log-readers}.test.ts',
  // where it runs, and who looks on
  'test/integration/{socket-activation,notify,init-systemd,living-systemd,start,stop-delay,pause,admin,admin-bounds,page,verbs-terminal,packed}.test.ts',
  // the tools of the tests, and the benchmark
  'test/{kit/load,integration/bench}.test.ts',
];

/** `npm run test:long`: what `npm test` leaves out. About three minutes; what lands has passed both. */
export default defineConfig({ ...base, test: { ...base.test, include: LONG } });
