import fc from 'fast-check'
import type { FleetDeployment, FleetFault, Outage, Story } from './story.ts'

/** The first value of each choice is the harmless one: shrinking leads there. */
export function anyStory(): fc.Arbitrary<Story> {
  return fc.record({
    servers: fc.constantFrom(2 as const, 3 as const),
    shape: fc.constantFrom('alike' as const, 'apart' as const),
    isLastLate: weighted(['no', 4], ['yes', 1]).map(late => late === 'yes'),
    deployments: fc.array(anyDeployment(), { minLength: 1, maxLength: 3 }),
  })
}

function anyDeployment(): fc.Arbitrary<FleetDeployment> {
  const health = fc.array(weighted(['good', 12], ['never', 1], ['crash', 1], ['worker-crash', 1], ['turns-bad', 1]), {
    minLength: 3,
    maxLength: 3,
  })
  return fc.record({
    kind: weighted(['deploy', 5], ['rollback', 1]),
    migration: weighted(['none', 1], ['compatible', 1], ['incompatible', 2]),
    migrator: weighted<FleetDeployment['migrator']>(['works', 8], ['fails-half-way', 1], ['lies', 1]),
    rehearse: fc.boolean(),
    watch: fc.boolean(),
    health,
    state: weighted(['same', 5], ['changed', 1]),
    content: weighted(['new', 9], ['same', 1]),
    faults: fc.oneof(
      { withCrossShrink: true },
      { weight: 1, arbitrary: fc.constant<FleetFault[]>([]) },
      { weight: 4, arbitrary: fc.array(anyFault(), { minLength: 1, maxLength: 3 }) },
    ),
    outages: fc.oneof(
      { withCrossShrink: true },
      { weight: 3, arbitrary: fc.constant<Outage[]>([]) },
      { weight: 2, arbitrary: fc.array(anyOutage(), { minLength: 1, maxLength: 2 }) },
    ),
    takenUpAfterMs: fc.integer({ min: 1, max: 20_000 }),
  })
}

function anyFault(): fc.Arbitrary<FleetDeployment['faults'][number]> {
  return fc.record({
    server: fc.nat({ max: 2 }),
    turn: weightedNumber([0, 3], [1, 1], [2, 1]),
    at: fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 300 }) }, { weight: 2, arbitrary: fc.constantFrom(...places) }),
    kind: weighted(['die-before', 3], ['die-after', 3], ['fail-before', 1], ['fail-after', 1], ['time-out', 1]),
  })
}

/** Where a death hurts most: around what is decided, told and switched. */
const places = [
  'journal step-started switch',
  'journal step-fact switch',
  'journal step-fact switch#2',
  'journal step-fact switch#3',
  'journal step-fact hold',
  'journal step-fact hold#2',
  'journal step-fact start',
  'journal step-started commit',
  'journal step-fact commit',
  'journal step-fact watch',
  'agreement.decisions',
  'agreement.decisions#2',
  'edge.switchTo',
  'edge.letGo',
  'edge.hold',
  'database.fence',
  'database.swapIn',
  'database.liftFence',
  'engine.migrate',
  'releases.setCurrent',
]

function anyOutage(): fc.Arbitrary<FleetDeployment['outages'][number]> {
  return fc.record({
    server: fc.nat({ max: 2 }),
    kind: fc.constantFrom('cut' as const, 'down' as const),
    atMs: fc.nat({ max: 15_000 }),
    forMs: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 200_000 })),
  })
}

function weighted<const T extends string>(...choices: (readonly [T, number])[]): fc.Arbitrary<T> {
  return fc.oneof(
    { withCrossShrink: true },
    ...choices.map(([value, weight]) => ({ weight, arbitrary: fc.constant(value) })),
  )
}

function weightedNumber(...choices: (readonly [number, number])[]): fc.Arbitrary<number> {
  return fc.oneof(...choices.map(([value, weight]) => ({ weight, arbitrary: fc.constant(value) })))
}
