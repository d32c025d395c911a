import { expect, test } from 'vitest'
import { screenOf } from '../../../src/cli/render/screen.ts'
import { statusText } from '../../../src/cli/render/status.ts'
import { wellStatus } from '../fixtures/application.ts'

const now = new Date('2026-11-21T05:00:00Z')
const screen = screenOf({ write: () => undefined }, { NO_COLOR: '1' }, true)
const warm = { release: 'r11' as const, until: '2026-11-21T05:08:00.000Z' }

test('says until when the old release is kept warm', () => {
  const text = statusText({ ...wellStatus, warm: { ...warm, tended: true } }, now, screen)
  expect(text).toMatch(/warm +r11 until 2026-11-2\d \d\d:\d\d: slipway rollback prod goes back at once/)
})

test('and that nobody looks after it, rather than a time at which nothing will happen', () => {
  const text = statusText({ ...wellStatus, warm: { ...warm, tended: false } }, now, screen)
  expect(text).toMatch(
    /warm +r11: slipway rollback prod goes back at once\n +nobody looks after it: the next deployment/,
  )
  expect(text).not.toContain('until')
})
