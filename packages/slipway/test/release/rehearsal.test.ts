import { describe, expect, test } from 'vitest'
import type { Rehearsal } from '../../src/release/model.ts'
import { proveHoldFits, told, verdictOf } from '../../src/release/rehearsal.ts'

const rehearsal: Rehearsal = {
  changed: true,
  seconds: 1.2,
  changes: [{ what: 'column feedings.note added', breaking: false }],
  locks: [],
  old: { kind: 'lives' },
}
const dropped = { what: 'column feedings.amount_ml dropped', breaking: true }

describe('the verdict of a rehearsal', () => {
  test.each<[string, Partial<Rehearsal>, string]>([
    ['no change', { changed: false, changes: [] }, 'changes-nothing'],
    ['an addition with which the old release was seen to live', {}, 'compatible'],
    ['what the schema forbids, whatever the old release seemed to do', { changes: [dropped] }, 'incompatible'],
    ['an old release that broke', { old: { kind: 'breaks', why: 'api answers 500', output: [] } }, 'incompatible'],
    ['an old release that nobody asked', { old: { kind: 'not-asked', why: 'api: pid is host' } }, 'incompatible'],
  ])('%s', (_name, differs, kind) => {
    expect(verdictOf({ ...rehearsal, ...differs }).kind).toBe(kind)
  })

  test('is told in one line', () => {
    const rewrite = { table: 'public.feedings', mode: 'AccessExclusiveLock', rewritten: true, bytes: 1e9, seconds: 2 }
    expect(told(rehearsal, 'r1')).toBe('column feedings.note added · 1.2 s on the copy · r1 lives with it: no hold')
    expect(told({ ...rehearsal, locks: [rewrite] }, 'r1')).toContain('public.feedings is written anew')
    expect(told({ ...rehearsal, locks: [{ ...rewrite, rewritten: false }] }, 'r1')).toContain('is locked for 2.0 s')
    expect(told({ ...rehearsal, changes: [dropped] }, 'r1')).toContain(
      'r1 can not live with it (column feedings.amount_ml dropped): requests will be held',
    )
    expect(told({ ...rehearsal, changed: false, changes: [] }, 'r1')).toContain('changes nothing')
  })
})

describe('the expected hold', () => {
  test('counts migration and boot', () => {
    expect(proveHoldFits({ ...rehearsal, seconds: 4, bootSeconds: 2 }, 30_000)).toBe(9)
  })

  test('that is too long is refused before anything is touched, with the way out', () => {
    expect(() => proveHoldFits({ ...rehearsal, seconds: 40 }, 30_000)).toThrow(
      expect.objectContaining({ code: 'HOLD_TOO_LONG', next: expect.stringContaining('expand first') }),
    )
  })
})
