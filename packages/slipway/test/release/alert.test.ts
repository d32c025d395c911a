import { expect, test } from 'vitest'
import { alertOf } from '../../src/release/alert.ts'

const now = '2026-11-21T12:00:00.000Z'
const before = { since: '2026-11-21T11:00:00.000Z' }

test('only a change is told', () => {
  expect(alertOf(undefined, [], now)).toBeUndefined()
  expect(alertOf(undefined, ['api exited'], now)).toEqual({ event: 'down', since: now })
  expect(alertOf(before, ['api exited', 'more'], now)).toBeUndefined()
  expect(alertOf(before, [], now)).toEqual({ event: 'recovered', since: before.since })
})
