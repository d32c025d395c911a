import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['packages/*/test/**/*.test.ts'], testTimeout: 20_000 } },
      {
        test: {
          name: 'migrations',
          include: ['test/migrations/**/*.test.ts'],
          globalSetup: ['test/migrations/setup.mjs'],
          maxConcurrency: 4,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // No traffic is measured here: these may share the machine.
          name: 'containers',
          include: ['test/docker/{config,engine,postgres,servers}/**/*.test.ts'],
          globalSetup: ['test/docker/setup.ts'],
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'docker',
          include: ['test/docker/{edge,deployment,remote}/**/*.test.ts'],
          globalSetup: ['test/docker/setup.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
