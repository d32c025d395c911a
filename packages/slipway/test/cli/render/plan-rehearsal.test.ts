import { describe, expect, test } from 'vitest'
import { planText } from '../../../src/cli/render/plan.ts'
import { screenOf } from '../../../src/cli/render/screen.ts'
import type { Plan, RehearsalReport } from '../../../src/release/model.ts'
import { pendingPlan } from '../fixtures/application.ts'
import { makeRelease } from '../../release/sample-release.ts'

const now = new Date('2026-11-21T05:00:00Z')
const screen = screenOf({ write: () => undefined }, {}, false)
const base: Plan = { ...pendingPlan, current: makeRelease('r12', '12'), rehearsal: { of: 'x' } }
const withDatabase: Plan = { ...base, config: { ...base.config, database: { service: 'db' } } }
const report: RehearsalReport = {
  ...{ at: '2026-11-21T04:55:00Z', mode: 'full', row: 'online', says: 'r12 lives with the new schema: no hold' },
  ...{ output: [], migrationSeconds: 1.24, changes: [{ what: 'column shop.note added', breaking: false }], locks: [] },
}

const text = (plan: Plan): string => planText(plan, true, screen, now)
const reported = (differs: Partial<RehearsalReport>, plan = withDatabase): string =>
  text({ ...plan, rehearsal: { of: 'x', report: { ...report, ...differs } } })

describe('what a plan says of the rehearsal', () => {
  test('not yet, and how', () => {
    expect(text(withDatabase)).toContain('not rehearsed yet: slipway plan prod --rehearse')
  })

  test('nothing where nothing can be rehearsed', () => {
    expect(text(base)).not.toMatch(/^ +rehears/m)
    expect(text({ ...withDatabase, migration: { kind: 'none', why: '' } })).not.toContain('not rehearsed')
    const off = { ...withDatabase.config, rehearse: { ...withDatabase.config.rehearse, mode: 'off' as const } }
    expect(text({ ...withDatabase, config: off })).toMatch(/rehearsal +off: requests wait/)
  })

  test('the row, what it rests on, and its age', () => {
    const said = reported({})
    expect(said).toMatch(/rehearsal +r12 lives with the new schema: no hold/)
    expect(said).toMatch(/changes +column shop\.note added/)
    expect(said).toMatch(/rehearsed +5 min ago, in 1\.2 s on the copy/)
    expect(reported({ mode: 'schema' })).toContain('without rows')
  })

  test('a long list is cut', () => {
    const changes = Array.from({ length: 40 }, (_, index) => ({ what: `column c${index} added`, breaking: false }))
    const said = reported({ changes })
    expect(said).toContain('column c11 added')
    expect(said).not.toContain('column c12 added')
    expect(said).toContain('and 28 more')
  })

  test('what is refused comes with the way out, what failed with what was printed', () => {
    const said = reported({ row: 'refused', says: 'refused: too long', why: 'column dropped', next: 'Split it.' })
    expect(said).toMatch(/because +column dropped/)
    expect(said).toMatch(/mend +Split it\./)
    expect(reported({ row: 'fails', output: ['one', 'ERROR: no'] })).toContain('ERROR: no')
  })

  test('the tables that are kept from others, the biggest first; not those that nobody notices', () => {
    const lock = { mode: 'AccessExclusiveLock', rewritten: true, bytes: 5e9, seconds: 12 }
    const said = reported({
      locks: [
        { ...lock, table: 'public.small', rewritten: false, bytes: 8192, seconds: 0.5, mode: 'ShareLock' },
        { ...lock, table: 'public.big' },
        { ...lock, table: 'public.quick', rewritten: false, seconds: 0.01 },
      ],
    })
    expect(said).toMatch(/public\.big +5\.0 GB +written anew: nobody reads or writes it for 12\.0 s/)
    expect(said).toMatch(/public\.small +8\.2 kB +locked: nobody writes to it for 0\.5 s/)
    expect(said.indexOf('public.big')).toBeLessThan(said.indexOf('public.small'))
    expect(said).not.toContain('public.quick')
  })

  test('hostile names do nothing to a terminal', () => {
    const said = reported({ says: 'a\u001b[2Jb', changes: [{ what: 'x\n::error::y\u0007', breaking: false }] })
    // oxlint-disable-next-line no-control-regex -- that is what must not be there
    expect(said).not.toMatch(/[\u001b\u0007]/)
  })
})

describe('the size of the database', () => {
  const sized = (database: NonNullable<Plan['database']>, differs: Partial<Plan> = {}): string =>
    text({ ...withDatabase, database, ...differs })

  test('with the times to expect, where they are known', () => {
    expect(sized({ bytes: 2.5e9, backupSeconds: 48, rehearsalSeconds: 130 })).toMatch(
      /size +database 2\.5 GB, backup about 48 s, rehearsal about 2 min 10 s/,
    )
    expect(sized({ bytes: 2.5e9 })).toContain('no rehearsal yet to tell how long one takes')
  })

  test('a rehearsal that will not end in time is told, with the way out', () => {
    expect(sized({ bytes: 9e11, backupSeconds: 5000, rehearsalSeconds: 9000 })).toMatch(
      /longer than rehearse\.timeout of 15 min 00 s \(rehearse: schema takes no rows along\)/,
    )
  })
})
