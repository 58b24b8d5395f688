import { defineConfig } from 'vitest/config';

export default defineConfig({
  // What runs inside workers is .cts, which is left out by default.
  oxc: { include: /\.[cm]?ts$/ },
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Integration tests start whole process trees, and then mostly wait: four files at a time keep two cores busy.
    maxWorkers: 4,
    projects: [
      {
        extends: true,
        // A process for each file would cost more than what most of them do.
        test: { name: 'parts', include: ['test/{unit,conformance,fuzz,kit}/**/*.test.ts'], isolate: false },
      },
      { extends: true, test: { name: 'whole', include: ['test/integration/**/*.test.ts'] } },
    ],
  },
});
