import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

// Apart from the other tests because it installs packages from the registry.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  defineConfig({ test: { include: ['test/pack/*.spec.ts'], testTimeout: 300_000, hookTimeout: 300_000 } }),
);
