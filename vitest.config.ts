import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // The sources, not what was built of them: a test never runs against a stale build.
    alias: {
      // Before the name that it begins with.
      'nestjs-tenancy/caching': source('./libs/tenancy/src/caching.ts'),
      'nestjs-tenancy/throttler': source('./libs/tenancy/src/throttler.ts'),
      'nestjs-tenancy': source('./libs/tenancy/src/index.ts'),
      'communication-schema': source('./libs/communication-schema/src/index.ts'),
      'problem-details': source('./libs/problem-details/src/index.ts'),
    },
  },
  test: {
    include: ['libs/**/*.spec.ts', 'apps/**/*.spec.ts', 'test/**/*.spec.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/pack/**'],
    globalSetup: ['./test/support/database-server.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
