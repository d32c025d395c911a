import { describe, expect, test } from 'vitest'
import type { Event, EventBody } from '../../../src/release/events.ts'
import type { Facts } from '../../../src/release/model.ts'
import { decisionsOf, laterOf, type AgreementKey } from '../../../src/release/several/agreement.ts'

const key: AgreementKey = 'd7@2026-11-21T10:00:00.000Z'

function journal(...lines: (Partial<Facts> | EventBody)[]): Event[] {
  const at = '2026-11-21T10:00:00.000Z'
  return lines.map(line => ('type' in line ? { at, ...line } : { at, type: 'step-fact', step: 'switch', facts: line }))
}

const begun: Partial<Facts> = { agreement: { key, role: 'decides' } }

function finished(outcome: 'deployed' | 'rolled-back' | 'unchanged' | 'needs-person'): EventBody {
  return { type: 'deployment-finished', id: 'd7', outcome, seconds: 1, serving: 'r1 serves' }
}

describe('what a journal says was decided', () => {
  test('nothing yet', () => {
    expect(decisionsOf(key, journal(begun))).toEqual({})
  })

  test('of two that contradict each other the first counts', () => {
    expect(decisionsOf(key, journal(begun, { outcome: 'switch' }, { outcome: 'back' })).outcome).toBe('switch')
    expect(decisionsOf(key, journal(begun, { outcome: 'back' }, { outcome: 'switch' })).outcome).toBe('back')
    const verdicts = journal(begun, { outcome: 'switch' }, { verdict: 'returned' }, { verdict: 'kept' })
    expect(decisionsOf(key, verdicts).verdict).toBe('returned')
  })

  test('what is not known has gone back', () => {
    expect(decisionsOf(key, [])).toMatchObject({ outcome: 'back', restored: true })
    const another: Partial<Facts> = { agreement: { key: 'd7@2026-11-21T11:00:00.000Z', role: 'decides' } }
    expect(decisionsOf(key, journal(another, { outcome: 'switch' })).outcome).toBe('back')
  })

  test('what has ended without a decision has gone back', () => {
    expect(decisionsOf(key, journal(begun, finished('rolled-back')))).toEqual({ outcome: 'back', restored: true })
  })

  test('what needs a person has not ended', () => {
    expect(decisionsOf(key, journal(begun, finished('needs-person')))).toEqual({ stuck: true })
    const takenUp: EventBody = { type: 'recovering', id: 'd7', towards: 'old' }
    expect(decisionsOf(key, journal(begun, finished('needs-person'), takenUp))).toEqual({})
  })

  test('what has ended after a switch was kept, unless it says otherwise', () => {
    const switched = journal(begun, { outcome: 'switch' }, finished('deployed'))
    expect(decisionsOf(key, switched)).toEqual({ outcome: 'switch', verdict: 'kept' })
    const returned = journal(begun, { outcome: 'switch' }, { verdict: 'returned' }, finished('rolled-back'))
    expect(decisionsOf(key, returned)).toEqual({ outcome: 'switch', verdict: 'returned' })
  })

  test('where nothing was to be done, nothing goes back', () => {
    expect(decisionsOf(key, journal(begun, { everywhere: 'same' }, finished('unchanged')))).toEqual({
      everywhere: 'same',
    })
  })
})

describe('reports', () => {
  test('one that comes late takes nothing back', () => {
    const ready = laterOf(laterOf(undefined, { stage: 'poised', fingerprint: 'f' }), { stage: 'ready' })
    expect(ready).toEqual({ stage: 'ready', fingerprint: 'f' })
    expect(laterOf(ready, { stage: 'held' })).toEqual(ready)
  })

  test('a failure is the last word', () => {
    const failed = laterOf({ stage: 'ready' }, { stage: 'failed', why: 'boom' })
    expect(laterOf(failed, { stage: 'ready' })).toEqual({ stage: 'failed', why: 'boom' })
  })
})
