import fc from 'fast-check'
import { anySchedule } from './arbitrary.ts'
import { play } from './play.ts'
import type { Schedule } from './schedule.ts'
import { shorten } from './shorten.ts'

export interface Exploration {
  schedules: number
  violation?: Violation
}

/** The shortest story that goes wrong, and how to tell it again. */
export interface Violation {
  seed: number
  path: string
  schedule: Schedule
  violations: string[]
  story: string[]
}

/** Tells `schedules` random stories; the same seed tells the same ones. Ends at the first that goes wrong. */
export async function explore(order: { seed: number; schedules: number; path?: string }): Promise<Exploration> {
  const property = fc.asyncProperty(anySchedule(), async schedule => !(await goesWrong(schedule)))
  const { path } = order
  const result = await fc.check(property, {
    seed: order.seed,
    numRuns: order.schedules,
    ...(path === undefined ? {} : { path }),
  })
  const shrunk = result.counterexample?.[0]
  if (!result.failed || shrunk === undefined) return { schedules: result.numRuns }
  const schedule = await shorten(shrunk, goesWrong)
  const { violations, story } = await play(schedule, { told: true })
  return {
    schedules: result.numRuns,
    violation: { seed: result.seed, path: result.counterexamplePath ?? '', schedule, violations, story },
  }
}

async function goesWrong(schedule: Schedule): Promise<boolean> {
  return (await play(schedule, { told: false })).violations.length > 0
}

export function toldViolation({ seed, path, schedule, violations, story }: Violation): string {
  return [
    `The invariants do not hold: ${violations.join('; ')}`,
    ...story.map(line => `  ${line}`),
    `seed ${seed}, path ${path}`,
    `Tell it again: npm run soak -- --schedule '${JSON.stringify(schedule)}'`,
  ].join('\n')
}
