import { exploreFleets } from '../several/explore-fleets.ts'
import { explore, toldViolation } from './explore.ts'
import { play } from './play.ts'
import type { Schedule } from './schedule.ts'

/** What a process of the soak is asked for: to tell random schedules, of one server or of several, or one of them again. */
type Order = { seed: number; schedules: number; of: 'one' | 'several' } | { schedule: Schedule }

// A process of its own: answers orders, one after the other, until the other side is gone.
process.on('message', (order: Order) => {
  answer(order).then(
    told => process.send?.(told),
    (error: unknown) => {
      throw error
    },
  )
})

async function answer(order: Order): Promise<{ schedules: number; violations: number; told?: string }> {
  if ('schedule' in order) {
    const { story, violations } = await play(order.schedule, { told: true })
    const verdict =
      violations.length === 0 ? 'The invariants hold.' : `The invariants do not hold: ${violations.join('; ')}`
    return { schedules: 1, violations: violations.length, told: [...story, verdict].join('\n') }
  }
  // Thousands of errors a second, and nobody reads where they were made.
  Error.stackTraceLimit = 0
  if (order.of === 'several') {
    const { stories, wrong } = await exploreFleets({ seed: order.seed, stories: order.schedules })
    return {
      schedules: stories,
      violations: wrong === undefined ? 0 : 1,
      ...(wrong === undefined ? {} : { told: wrong }),
    }
  }
  const { schedules, violation } = await explore(order)
  if (violation === undefined) return { schedules, violations: 0 }
  return { schedules, violations: 1, told: toldViolation(violation) }
}
