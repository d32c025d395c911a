import { describe, expect, test } from 'vitest'
import type { RehearsalNote } from '../../src/release/experience.ts'
import type { Rehearsal } from '../../src/release/model.ts'
import { reportOf } from '../../src/release/rehearsal-report.ts'

const rehearsal: Rehearsal = {
  changed: true,
  seconds: 4,
  changes: [{ what: 'column feedings.note added', breaking: false }],
  locks: [{ table: 'public.feedings', mode: 'AccessExclusiveLock', rewritten: true, bytes: 5, seconds: 3 }],
  old: { kind: 'lives' },
}
const at = '2026-11-21T04:55:00Z'
const noteOf = (differs: Partial<Rehearsal>, databaseBytes = 0): RehearsalNote => ({
  ...{ at, mode: 'full', databaseBytes, seconds: 20 },
  rehearsal: { ...rehearsal, ...differs },
})
const dropped = { changes: [{ what: 'column feedings.amount dropped', breaking: true }], bootSeconds: 3 }

describe('the row of the data rule', () => {
  test.each<[string, RehearsalNote, string, RegExp]>([
    ['changes nothing', noteOf({ changed: false, changes: [] }), 'changes-nothing', /no hold/],
    ['the old release lives with it', noteOf({}), 'online', /r1 lives with the new schema/],
    ['it does not', noteOf(dropped), 'held', /wait for about 10 s \(hold\.limit is 30 s\)/],
    ['it does not, and that would take too long', noteOf({ ...dropped, seconds: 40 }), 'refused', /about 46 s/],
    ['it does not, and a big database has to be copied', noteOf(dropped, 30e9), 'refused', /about 60 s/],
    [
      'it fails',
      {
        at,
        mode: 'schema',
        databaseBytes: 1,
        seconds: 2,
        failure: { message: 'The migration failed', output: ['no'] },
      },
      'fails',
      /The migration failed/,
    ],
  ])('%s', (_name, note, row, says) => {
    const report = reportOf(note, 'r1', 30_000)
    expect(report).toMatchObject({ row, says: expect.stringMatching(says), at, mode: note.mode })
  })

  test('comes with what it rests on', () => {
    expect(reportOf(noteOf({}), 'r1', 30_000)).toMatchObject({
      changes: rehearsal.changes,
      locks: rehearsal.locks,
      migrationSeconds: 4,
    })
    expect(reportOf(noteOf(dropped), 'r1', 30_000)).toMatchObject({
      why: 'column feedings.amount dropped',
      holdSeconds: 10,
    })
    expect(reportOf(noteOf({ ...dropped, seconds: 40 }), 'r1', 30_000).next).toMatch(/expand first/)
    const broke = reportOf(noteOf({ old: { kind: 'breaks', why: 'api answers 500', output: ['boom'] } }), 'r1', 30_000)
    expect(broke).toMatchObject({ row: 'held', why: 'api answers 500', output: ['boom'] })
  })
})
