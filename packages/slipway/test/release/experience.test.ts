import { describe, expect, test } from 'vitest'
import { forecastDatabase, subjectOf, type RehearsalNote } from '../../src/release/experience.ts'
import type { Plan, Rehearsal } from '../../src/release/model.ts'
import { planDeployment } from '../../src/release/plan.ts'
import { plannedSteps } from '../../src/release/planned-steps.ts'
import { config as base } from './sample-config.ts'
import { makeRelease } from './sample-release.ts'

const config = { ...base, rehearse: { mode: 'full' as const, smoke: [], timeoutMs: 900_000 } }
const current = { ...makeRelease('r1', '1'), migrationFingerprint: 'old' }
const database = { fingerprint: 'schema', catalog: {} }
const rehearsal: Rehearsal = {
  changed: true,
  seconds: 2,
  fillSeconds: 8,
  changes: [{ what: 'column feedings.note added', breaking: false }],
  locks: [],
  old: { kind: 'lives' },
}
const megabytes = 1_000_000
const note: RehearsalNote = {
  at: '2026-11-21T04:55:00Z',
  mode: 'full',
  databaseBytes: 100 * megabytes,
  seconds: 15,
  rehearsal,
}
const subject = { config, current, migrationFingerprint: 'new', database }

describe('what a rehearsal was about', () => {
  test('is known by migrations, schema, the release that serves, and how it is rehearsed', () => {
    const of = subjectOf(subject)
    expect(of).toBe(subjectOf(structuredClone(subject)))
    const others = [
      { ...subject, migrationFingerprint: 'newer' },
      { ...subject, database: { ...database, fingerprint: 'other' } },
      { ...subject, current: { ...current, fingerprint: '2' } },
      { ...subject, config: { ...config, rehearse: { ...config.rehearse, mode: 'schema' as const } } },
      { ...subject, config: { ...config, rehearse: { ...config.rehearse, smoke: ['/x'] } } },
    ]
    expect(new Set([of, ...others.map(subjectOf)]).size).toBe(others.length + 1)
  })

  test('is not known without the files of the migrations, or the database', () => {
    expect(subjectOf({ ...subject, migrationFingerprint: undefined })).toBeUndefined()
    expect(subjectOf({ ...subject, database: undefined })).toBeUndefined()
  })
})

describe('the forecast of times', () => {
  const experience = { backup: { databaseBytes: 100 * megabytes, seconds: 3 }, rehearsal: note }

  test('grows with the data; what does not depend on it stays', () => {
    expect(forecastDatabase(experience, 100 * megabytes, 'full')).toEqual({
      bytes: 100 * megabytes,
      backupSeconds: 3,
      rehearsalSeconds: 15,
    })
    expect(forecastDatabase(experience, 1000 * megabytes, 'full')).toMatchObject({
      backupSeconds: 30,
      rehearsalSeconds: 105,
    })
  })

  test('is never less than what was seen, and what an empty database took is not multiplied by thousands', () => {
    expect(forecastDatabase(experience, 10 * megabytes, 'full')).toMatchObject({
      backupSeconds: 3,
      rehearsalSeconds: 15,
    })
    const empty = { backup: { databaseBytes: 8 * megabytes, seconds: 0.5 } }
    expect(forecastDatabase(empty, 800 * megabytes, 'full').backupSeconds).toBeLessThan(13)
  })

  test('says nothing of what was never done', () => {
    expect(forecastDatabase({}, 5, 'full')).toEqual({ bytes: 5 })
    expect(forecastDatabase(experience, 5, 'schema').rehearsalSeconds).toBeUndefined()
    const failed = { rehearsal: { ...withoutRehearsal(), failure: { message: 'x', output: [] } } }
    expect(forecastDatabase(failed, 5, 'full').rehearsalSeconds).toBeUndefined()
  })

  test('of a copy without rows does not grow with the rows', () => {
    const schema = { rehearsal: { ...note, mode: 'schema' as const, seconds: 6 } }
    expect(forecastDatabase(schema, 1e12, 'schema').rehearsalSeconds).toBe(6)
  })
})

describe('a plan', () => {
  const made = (rehearsed?: RehearsalNote, differs: Partial<Parameters<typeof planDeployment>[0]> = {}): Plan => {
    const plan = planDeployment({
      ...{ config, services: [], commit: undefined, current, migrationFingerprint: 'new', history: [], database },
      ...{ databaseBytes: 100 * megabytes, experience: rehearsed === undefined ? {} : { rehearsal: rehearsed } },
      ...differs,
    })
    return { ...plan, steps: plannedSteps(plan) }
  }
  const of = subjectOf(subject) ?? ''
  const holdStep = (plan: Plan) => plan.steps.find(step => step.name === 'hold')

  test('tells what an earlier rehearsal of the same said, and plans the hold by it', () => {
    const plan = made({ ...note, of })
    expect(plan.rehearsal).toMatchObject({ of, report: { row: 'online', at: note.at, migrationSeconds: 2 } })
    expect(plan.database).toMatchObject({ bytes: 100 * megabytes, rehearsalSeconds: 15 })
    expect(holdStep(plan)?.skipped).toMatch(/^r1 lives with the new schema, as a rehearsal showed/)
    const dropped = { ...rehearsal, changes: [{ what: 'column a.b dropped', breaking: true }], bootSeconds: 3 }
    const held = made({ ...note, of, rehearsal: dropped })
    expect(held.rehearsal?.report).toMatchObject({ row: 'held', holdSeconds: 9 })
    expect(holdStep(held)).toMatchObject({ does: expect.stringContaining('about 9 s, at most 60 s') })
    expect(holdStep(held)?.skipped).toBeUndefined()
  })

  test('does not believe a rehearsal of something else', () => {
    for (const other of [{ ...note, of: `${of}x` }, note]) {
      expect(made(other).rehearsal).toEqual({ of })
      expect(holdStep(made(other))?.skipped).toMatch(/only if the rehearsal shows/)
    }
  })

  test('has no word on rehearsals where nothing is pending, or nothing will be rehearsed', () => {
    const off = { ...config, rehearse: { ...config.rehearse, mode: 'off' as const } }
    expect(made({ ...note, of }, { config: off }).rehearsal).toBeUndefined()
    expect(made({ ...note, of }, { current: undefined }).rehearsal).toBeUndefined()
    const unchanged = { migrationFingerprint: 'old', history: [deployed] }
    expect(made({ ...note, of }, unchanged)).toMatchObject({ migration: { kind: 'unchanged' } })
    expect(made({ ...note, of }, unchanged).rehearsal).toBeUndefined()
  })

  const deployed = {
    ...{ id: 'd1' as const, kind: 'deploy' as const, version: '1', startedAt: '', seconds: 1, by: 'me' },
    ...{ outcome: 'deployed' as const, databaseFingerprint: 'schema' },
  }
})

function withoutRehearsal() {
  const { rehearsal: _rehearsal, ...rest } = { ...note, rehearsal }
  return rest
}
