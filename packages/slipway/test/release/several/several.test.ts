import { expect, test } from 'vitest'
import { exploreFleets } from './any-story.ts'

test('random', async () => {
  const t = performance.now()
  const { stories, wrong } = await exploreFleets({
    seed: Number(process.env['SEED'] ?? 1),
    stories: Number(process.env['STORIES'] ?? 100),
  })
  console.log(performance.now() - t, stories)
  if (wrong !== undefined) console.log(wrong)
  expect(wrong === undefined).toBe(true)
}, 600_000)
