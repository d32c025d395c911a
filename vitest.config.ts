import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** In these no seconds are counted: they may share the machine with others. */
const unhurriedDeployments = [
  'baby-basics',
  'disk-full',
  'disturbed',
  'exec',
  'interrupted',
  'kills',
  'long-requests',
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
]
const unhurried = [
  ...['certificates', 'front-changes', 'serving'].map(name => `test/docker/edge/${name}.test.ts`),
  ...unhurriedDeployments.map(name => `test/docker/deployment/${name}.test.ts`),
]

/**
 * Those that take longest begin first: one that begins last would have the machine to itself at the end. Those with
 * servers of their own do not all begin at once.
 */
const first = ['set-up', 'baby-basics', 'remote', 'backup', 'fence', 'several'].map(name => `/${name}.test.ts`)

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = first.findIndex(name => moduleId.endsWith(name))
      return found < 0 ? first.length : found
    }
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other))
  }
}

/** Unit tests whose modules keep something: each file of them gets its own. The others load modules once. */
const apart = ['cli', 'config', 'source'].map(folder => `packages/*/test/${folder}/**/*.test.ts`)

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts'],
          exclude: apart,
          isolate: false,
          unstubEnvs: true,
          maxWorkers: 3,
          testTimeout: 20_000,
        },
      },
      { test: { name: 'unit-apart', include: apart, maxWorkers: 3, testTimeout: 20_000 } },
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
