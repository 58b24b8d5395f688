import { defineConfig } from 'vitest/config';

export default defineConfig({
  // What runs inside workers is .cts, which is left out by default.
  oxc: { include: /\.[cm]?ts$/ },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // One second, the default, is what a busy machine may stand still for.
    expect: { poll: { timeout: 10_000 } },
    // Integration tests start whole process trees, and then mostly wait: four files at a time keep two cores busy.
    maxWorkers: 4,
  },
});
