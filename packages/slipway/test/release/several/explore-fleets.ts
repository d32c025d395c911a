import fc from 'fast-check'
import { anyStory } from './any-story.ts'
import { playFleet } from './play-fleet.ts'
import type { Story } from './story.ts'

/** Tells random stories; returns the shortest that goes wrong. The same seed tells the same ones. */
export async function exploreFleets(order: { seed: number; stories: number }): Promise<Explored> {
  const wrong = async (story: Story): Promise<boolean> => (await playFleet(story)).violations.length > 0
  const property = fc.asyncProperty(anyStory(), async story => !(await wrong(story)))
  const result = await fc.check(property, { seed: order.seed, numRuns: order.stories })
  const story = result.counterexample?.[0]
  if (!result.failed || story === undefined) return { stories: result.numRuns }
  const { violations, told } = await playFleet(story, true)
  return { stories: result.numRuns, wrong: [`${violations.join('; ')}`, JSON.stringify(story), ...told].join('\n') }
}

export interface Explored {
  stories: number
  wrong?: string
}
