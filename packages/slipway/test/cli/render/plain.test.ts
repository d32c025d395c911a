import { expect, test } from 'vitest'
import { harmlessValue } from '../../../src/cli/render/harmless.ts'
import { PlainRenderer } from '../../../src/cli/render/plain.ts'
import { screenOf } from '../../../src/cli/render/screen.ts'
import type { Event } from '../../../src/release/events.ts'
import { badGate } from '../fixtures/bad-gate.ts'
import { recovering } from '../fixtures/recovering.ts'
import { rollback } from '../fixtures/rollback.ts'

function show(events: readonly Event[]): string[] {
  let text = ''
  const renderer = new PlainRenderer(screenOf({ write: more => (text += more) }, {}, true))
  for (const event of events) renderer.event(harmlessValue(event))
  renderer.end()
  return text.trimEnd().split('\n')
}

test('one line an event, each with its time, its subject and a stable word', () => {
  expect(show(rollback.events)).toEqual([
    '2026-11-21T02:13:04Z rollback  started  d34 of shop prod by anna@laptop',
    '2026-11-21T02:13:04Z plan      made     r12 -> r11 (9c01d22), migration: none (a rollback runs no migration), data: kept (r11 lives with the schema of r12)',
    '2026-11-21T02:13:04Z lock      started  take the lock of shop-prod',
    '2026-11-21T02:13:04Z lock      done     0.0 s',
    '2026-11-21T02:13:04Z preflight started  look at engine, disk, memory, secrets, database and edge',
    '2026-11-21T02:13:04Z preflight done     0.2 s',
    '2026-11-21T02:13:04Z fetch     skipped  r11 is still here',
    '2026-11-21T02:13:04Z backup    skipped  the data stays',
    '2026-11-21T02:13:04Z start     started  start r11 beside r12',
    '2026-11-21T02:13:04Z start     done     0.1 s  it was still warm',
    '2026-11-21T02:13:04Z gate      started  wait until every service of r11 is healthy',
    '2026-11-21T02:13:04Z gate      done     0.1 s',
    '2026-11-21T02:13:04Z switch    started  send requests to r11',
    '2026-11-21T02:13:04Z switch    done     0.0 s',
    '2026-11-21T02:13:04Z commit    started  make r11 the current release',
    '2026-11-21T02:13:04Z commit    done     0.0 s',
    '2026-11-21T02:13:04Z end       deployed d34 in 0.6 s; r11 serves',
  ])
})

test('a failure has its cause in it, and the way back', () => {
  const lines = show(badGate.events)
  expect(lines).toContain('2026-11-21T02:13:21Z gate      failed   GATE_FAILED: r12 did not become healthy')
  expect(lines).toContain(
    "2026-11-21T02:13:21Z gate      said     web | Error: Cannot find module './coupons/routes.js'",
  )
  expect(lines).toContain('2026-11-21T02:13:21Z start     undoing  remove r12')
  expect(lines.at(-1)).toBe('2026-11-21T02:13:22Z end       rolled-back d32 in 18.5 s; r11 serves')
})

test('a recovery is told', () => {
  expect(show(recovering.events)[0]).toBe(
    '2026-11-21T02:13:04Z recover   started  d32 was cut off; towards the old release',
  )
})

test('events of a newer version are passed over', () => {
  expect(show([{ at: 'x', type: 'something-new' } as unknown as Event])).toEqual([''])
})
