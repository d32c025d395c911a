import { defineConfig } from 'vitest/config'

/** Deployments in which no seconds are counted: they may share the machine with others. */
const unhurried = [
  'baby-basics',
  'disk-full',
  'disturbed',
  'exec',
  'interrupted',
  'kills',
  'older-code',
  'parcels',
  'promote',
  'promote-database',
  'queue',
  'rehearsal',
  'rotation',
  'secrets',
  'shapes',
  'watch-held',
  'ways-back',
].map(name => `test/docker/deployment/${name}.test.ts`)

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['packages/*/test/**/*.test.ts'], maxWorkers: 3, testTimeout: 20_000 } },
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
          name: 'containers',
          include: ['test/docker/{config,engine,postgres,remote,servers}/**/*.test.ts', ...unhurried],
          globalSetup: ['test/docker/setup.ts'],
          // They wait more than they work.
          maxWorkers: 3,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'docker',
          include: ['test/docker/{edge,deployment}/**/*.test.ts'],
          exclude: unhurried,
          globalSetup: ['test/docker/setup.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
