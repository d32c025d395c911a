import fc from 'fast-check'
import { faultKinds, type Fault, type Operation, type Schedule } from './schedule.ts'

/** Any story. The first value of each choice is the harmless one: shrinking leads there. */
export function anySchedule(): fc.Arbitrary<Schedule> {
  return fc.record({
    begins: weighted(['serving', 5], ['served-before', 4], ['empty', 1]),
    settings: fc.record({
      rehearse: fc.boolean(),
      watch: fc.boolean(),
      warm: fc.boolean(),
      webSockets: rarely(),
    }),
    operations: fc.array(anyOperation(), { minLength: 1, maxLength: 4 }),
  })
}

function anyOperation(): fc.Arbitrary<Operation> {
  const faults = anyFaults()
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('resume' as const), faults }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('tend' as const),
        begins: weighted(['late', 1], ['now', 1]),
        faults,
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('deploy' as const),
        content: weighted(['new', 9], ['same', 1]),
        health: weighted(['good', 6], ['never', 1], ['crash', 1], ['worker-crash', 1], ['turns-bad', 1]),
        migration: weighted(['none', 1], ['compatible', 1], ['incompatible', 2]),
        migrator: weighted(
          ['works', 6],
          ['fails-at-once', 1],
          ['fails-half-way', 1],
          ['reports-failure', 1],
          ['lies', 1],
        ),
        rehearsal: weighted(['true', 3], ['too-good', 1]),
        state: weighted(['same', 4], ['changed', 1]),
        faults,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('rollback' as const),
        to: weighted(['previous', 3], ['newest', 1]),
        data: fc.constantFrom('ask' as const, 'restore' as const),
        faults,
      }),
    },
  )
}

function anyFaults(): fc.Arbitrary<Fault[]> {
  const fault = fc.record({ at: anyCall(), kind: fc.constantFrom(...faultKinds) })
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 2, arbitrary: fc.constant<Fault[]>([]) },
    { weight: 5, arbitrary: fc.array(fault, { minLength: 1, maxLength: 1 }) },
    { weight: 3, arbitrary: fc.array(fault, { minLength: 1, maxLength: 4 }) },
  )
}

/** Most runs make 40 to 100 calls; a recovery and a deployment with everything in it, 150. */
function anyCall(): fc.Arbitrary<number> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 2, arbitrary: fc.nat({ max: 40 }) },
    { weight: 4, arbitrary: fc.integer({ min: 20, max: 90 }) },
    { weight: 1, arbitrary: fc.integer({ min: 60, max: 150 }) },
  )
}

/** What only lengthens a story: a wait until the drain limit is more than all its other calls together. */
function rarely(): fc.Arbitrary<boolean> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  )
}

function weighted<const T extends string>(...choices: (readonly [T, number])[]): fc.Arbitrary<T> {
  return fc.oneof(
    { withCrossShrink: true },
    ...choices.map(([value, weight]) => ({ weight, arbitrary: fc.constant(value) })),
  )
}
