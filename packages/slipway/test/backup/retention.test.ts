import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backupName, parseBackupName } from '../../src/backup/names.ts'
import { expired, type KnownBackup } from '../../src/backup/retention.ts'

const now = new Date('2026-03-31T12:00:00Z')
const preDeploy = (day: number, verified = true): KnownBackup =>
  known('pre-deploy', new Date(Date.UTC(2026, 2, day)), verified)
const daily = (day: number, verified = true): KnownBackup => known('daily', new Date(Date.UTC(2026, 2, day)), verified)
const known = (kind: KnownBackup['kind'], takenAt: Date, verified = true): KnownBackup => ({
  name: backupName(kind, takenAt, 'plain'),
  kind,
  takenAt,
  verified,
})
const policy = { keep: 2, daily: { keepDays: 7 } }

test('the newest before deployments stay, daily ones stay for their days', () => {
  const all = [preDeploy(1), preDeploy(2), preDeploy(3), daily(23), daily(24), daily(31)]
  expect(expired(all, policy, now)).toEqual(['pre-deploy-20260301-000000.sql', 'daily-2026-03-23.sql'])
})

test('broken ones push out no good one, and go when they are older than the oldest kept', () => {
  const all = [preDeploy(1), preDeploy(2, false), preDeploy(3), preDeploy(4), preDeploy(5, false), preDeploy(6, false)]
  expect(expired(all, policy, now)).toEqual(['pre-deploy-20260302-000000.sql', 'pre-deploy-20260301-000000.sql'])
})

test('the newest verified one stays however old it is, and whatever the policy says', () => {
  expect(expired([daily(1), daily(2), daily(3, false)], policy, now)).toEqual([
    'daily-2026-03-03.sql',
    'daily-2026-03-01.sql',
  ])
  expect(expired([preDeploy(1)], { keep: 0, daily: { keepDays: 0 } }, now)).toEqual([])
})

test('what is dated in the future is not looked at', () => {
  const future = known('daily', new Date('2030-01-01T00:00:00Z'))
  expect(expired([daily(1), future], policy, now)).toEqual([])
})

test('whatever there is and whatever the policy: the newest verified of each kind stays, and nothing unknown goes', () => {
  const backups = fc.array(
    fc.record({
      kind: fc.constantFrom('daily' as const, 'pre-deploy' as const),
      takenAt: fc.date({ noInvalidDate: true, min: new Date('2020-01-01'), max: new Date('2027-01-01') }),
      verified: fc.boolean(),
    }),
  )
  fc.assert(
    fc.property(
      backups,
      fc.integer({ min: -1, max: 5 }),
      fc.integer({ min: -1, max: 400 }),
      (given, keep, keepDays) => {
        const all = given.map((backup, index) => ({ ...backup, name: `n${index}` }))
        const gone = expired(all, { keep, daily: { keepDays } }, now)
        expect(new Set(gone).size).toBe(gone.length)
        for (const kind of ['daily', 'pre-deploy'] as const) {
          const good = all.filter(backup => backup.kind === kind && backup.verified && backup.takenAt <= now)
          if (good.length > 0) expect(good.some(backup => !gone.includes(backup.name))).toBe(true)
        }
        for (const backup of all) if (backup.takenAt > now) expect(gone).not.toContain(backup.name)
      },
    ),
  )
})

test('names say what they were given, and nothing else is read as one', () => {
  const takenAt = new Date('2026-01-31T17:45:03.000Z')
  expect(backupName('pre-deploy', takenAt, 'custom')).toBe('pre-deploy-20260131-174503.dump')
  expect(parseBackupName('pre-deploy-20260131-174503.dump')).toEqual({ kind: 'pre-deploy', takenAt })
  expect(parseBackupName(backupName('daily', takenAt, 'plain'))).toEqual({
    kind: 'daily',
    takenAt: new Date('2026-01-31T00:00:00Z'),
  })
  for (const name of [
    'daily-2026-02-31.sql',
    'daily-2026-01-31.sql.gz',
    'x/daily-2026-01-31.sql',
    'daily-2026-01-31.sql\n',
    'pre-deploy-20260131-250000.sql',
    'predeploy-20260131-174503.sql',
    'daily-20260131.sql',
    '../../etc/passwd',
  ]) {
    expect(parseBackupName(name)).toBeUndefined()
  }
})
