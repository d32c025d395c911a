import { describe, expect, test } from 'vitest'
import { forecastData, forecastMigration } from '../../src/release/forecast.ts'
import type { DataOrigin, DeploymentRecord, Release, SchemaChange } from '../../src/release/model.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { config } from './sample-config.ts'
import { makeRelease } from './sample-release.ts'

const added: SchemaChange = { what: 'column a added', breaking: false }
const dropped: SchemaChange = { what: 'column a dropped', breaking: true }

describe('forecastMigration', () => {
  const current: Release = { ...makeRelease('r1', 'v1'), migrationFingerprint: 'same' }
  const history = [record('d1', 'r1', { databaseFingerprint: 'schema' })]
  const input = {
    config,
    current,
    migrationFingerprint: 'same',
    history,
    database: { fingerprint: 'schema', catalog: {} },
  }

  test('same files and same schema: nothing is pending', () => {
    expect(forecastMigration(input).kind).toBe('unchanged')
  })

  test.each([
    ['other files', { ...input, migrationFingerprint: 'other' }],
    ['files not known', { ...input, migrationFingerprint: undefined }],
    ['schema changed by hand', { ...input, database: { fingerprint: 'other', catalog: {} } }],
    ['schema not known', { ...input, database: undefined }],
    ['no record of the schema', { ...input, history: [] }],
    ['first deployment', { ...input, current: undefined }],
  ])('%s: pending', (_name, given) => {
    expect(forecastMigration(given).kind).toBe('pending')
  })

  test('an app without migration has none', () => {
    const { migrate: _migrate, ...without } = config
    expect(forecastMigration({ ...input, config: without }).kind).toBe('none')
  })
})

describe('forecastData', () => {
  const backup: DataOrigin = { kind: 'backup', file: '/b/2' }
  const snapshot: DataOrigin = { kind: 'snapshot', database: 'before_r2' }
  const history = (changes: SchemaChange[]) => [
    record('d1', 'r1', {}),
    record('d2', 'r2', { backup: '/b/2', snapshot: 'before_r2', migration: { changed: true, seconds: 1, changes } }),
    record('d3', 'r3', { backup: '/b/3' }),
  ]
  const input = {
    config,
    target: 'r1' as const,
    history: history([dropped]),
    asked: undefined,
    confirmed: false,
    existing: () => true,
  }

  test('additions that the old code showed not to live with: a decision', () => {
    const [first, second, third] = history([added])
    if (first === undefined || second === undefined || third === undefined) throw new Error('three records')
    const shown = [first, { ...second, oldCodeBreaks: 'r1 answers 500' }, third]
    expect(() => forecastData({ ...input, history: shown })).toThrow(/needs a decision/)
  })

  test('only additions since: the data stays', () => {
    expect(forecastData({ ...input, history: history([added]) }).kind).toBe('keep')
  })

  test('a breaking migration since: asks, and says what would be lost and how to decide', () => {
    const error = thrownBy(() => forecastData(input))
    expect(error.code).toBe('CONFIRMATION_NEEDED')
    expect(error.why).toMatch(/column a dropped/)
    expect(error.next).toMatch(/--data restore --confirm=app/)
    expect(error.next).toMatch(/d2/)
  })

  test('confirmed: the exact snapshot first, the backup when there is none', () => {
    const confirmed = { ...input, asked: 'restore' as const, confirmed: true }
    expect(forecastData(confirmed)).toMatchObject({ kind: 'restore', from: snapshot })
    expect(forecastData({ ...confirmed, existing: origin => origin.kind === 'backup' })).toMatchObject({ from: backup })
    expect(thrownBy(() => forecastData({ ...confirmed, existing: () => false })).code).toBe('NO_RELEASE')
  })

  test('--data restore without the app name is not enough, whatever the policy', () => {
    const eager = { ...config, rollback: { data: 'restore' as const } }
    expect(thrownBy(() => forecastData({ ...input, config: eager, asked: 'restore' })).code).toBe('CONFIRMATION_NEEDED')
  })

  test('the policy `restore` decides beforehand, but never takes data back that the older code can read', () => {
    const eager = { ...config, rollback: { data: 'restore' as const } }
    expect(forecastData({ ...input, config: eager }).kind).toBe('restore')
    expect(forecastData({ ...input, config: eager, history: history([added]) }).kind).toBe('keep')
  })

  test('a rollback that restored takes the migrations it undid out of the count', () => {
    const restored = [
      ...history([dropped]),
      record('d4', 'r1', { kind: 'rollback', restored: snapshot }),
      record('d5', 'r4', {}),
    ]
    expect(forecastData({ ...input, history: restored }).kind).toBe('keep')
  })

  test('a release whose migrations were taken back with the data can only be deployed again', () => {
    const restored = [...history([dropped]), record('d4', 'r1', { kind: 'rollback', restored: snapshot })]
    const toUndone = { ...input, target: 'r3' as const, history: restored }
    for (const asked of [undefined, 'restore'] as const) {
      const error = thrownBy(() => forecastData({ ...toUndone, asked, confirmed: true }))
      expect(error).toMatchObject({ code: 'NO_RELEASE', next: expect.stringMatching(/slipway deploy/) as string })
    }
    expect(forecastData({ ...toUndone, asked: 'keep' }).kind).toBe('keep')
    const again = [...restored, record('d5', 'r3', {}), record('d6', 'r4', {})]
    expect(forecastData({ ...toUndone, history: again }).kind).toBe('keep')
  })
})

function thrownBy(work: () => unknown): SlipwayError {
  try {
    work()
  } catch (error) {
    if (error instanceof SlipwayError) return error
  }
  throw new Error('nothing was thrown')
}

function record(id: `d${number}`, release: `r${number}`, more: Partial<DeploymentRecord>): DeploymentRecord {
  return {
    id,
    kind: 'deploy',
    release,
    version: release,
    startedAt: '2026-01-01T00:00:00Z',
    seconds: 1,
    outcome: 'deployed',
    by: 'test',
    ...more,
  }
}
