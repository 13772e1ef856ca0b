import { defineConfig } from 'vitest/config';

// Packages are tested as they ship: bare imports reach the built files through each package's exports map.
export default defineConfig({
  test: {
    include: ['{packages/*,tests,bench,examples}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/dist-test/**'],
    // Explorations and worker tests are long on a busy machine; these limits only end what hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', ['json', { outputFile: '.vitest-results.json' }]],
  },
});
