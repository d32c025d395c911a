import { describe, expect, test } from 'vitest'
import { explore, toldViolation } from './explore.ts'
import { namedCases } from './named-cases.ts'
import { play } from './play.ts'

describe('whatever people do and whatever goes wrong', () => {
  const drawn = Math.floor(Math.random() * 2 ** 31)

  test.each([101, 102, 103, 104, drawn])(
    'a thousand random schedules of seed %i',
    async seed => {
      const { schedules, violation } = await explore({ seed, schedules: 1000 })
      expect(violation === undefined ? undefined : toldViolation(violation)).toBeUndefined()
      expect(schedules).toBe(1000)
    },
    120_000,
  )
})

describe('bugs that random schedules have found', () => {
  test.each(Object.entries(namedCases))('%s', async (_name, schedule) => {
    const { violations, story, unused } = await play(schedule, { told: true })
    expect(unused, 'faults at calls that were not made').toEqual([])
    expect(violations, story.join('\n')).toEqual([])
  })
})
