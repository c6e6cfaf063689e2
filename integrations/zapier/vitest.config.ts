import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // As whoever publishes the app names it.
    env: { LEADLATCH_HELP_URL: 'https://leads.example.com/help/zapier' },
    // A test starts a server of its own and talks to it.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
