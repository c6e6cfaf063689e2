import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A test starts a server of its own and talks to it.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
