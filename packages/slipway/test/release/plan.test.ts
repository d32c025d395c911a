import { expect, test } from 'vitest'
import type { Release, ReleaseService } from '../../src/release/model.ts'
import { planDeployment } from '../../src/release/plan.ts'
import { pendingPlan, proven } from '../cli/fixtures/application.ts'

const service = (name: string, role: ReleaseService['role'], image?: string) => ({
  name,
  role,
  hosts: [],
  health: pendingPlan.config.health,
  replicas: 1,
  dockerHealth: false,
  builds: image === undefined,
  ...(image === undefined ? {} : { image }),
})
const current = (digests?: Record<string, string>) =>
  ({
    id: 'r1',
    services: [service('web', 'web'), service('built', 'worker'), service('db', 'state')],
    ...(digests === undefined ? {} : { digests }),
  }) as unknown as Release

function changes(of: Release | undefined, image = 'a@1'): Record<string, string> {
  const plan = planDeployment({
    config: pendingPlan.config,
    services: [service('web', 'web', image), service('built', 'worker'), service('db', 'state', 'db@1')],
    commit: undefined,
    current: of,
    migrationFingerprint: undefined,
    history: [],
    database: undefined,
    promotion: proven.promotion,
  })
  expect(plan.version).toBe(proven.promotion.version)
  return Object.fromEntries(plan.services.map(each => [each.name, each.change]))
}

test('another digest is a change, the same one is none', () => {
  expect(changes(undefined)).toEqual({ web: 'new', built: 'new', db: 'new' })
  expect(changes(current({ web: 'a@1', db: 'db@1' }))).toEqual({ web: 'same', built: 'build', db: 'same' })
  expect(changes(current({ web: 'a@1', db: 'db@1' }), 'a@2')).toEqual({ web: 'changed', built: 'build', db: 'same' })
  expect(changes(current({ web: 'a@1', db: 'db@0' }))).toMatchObject({ db: 'changed' })
})

test('where no digests were recorded, the database is not said to change for that', () => {
  expect(changes(current())).toEqual({ web: 'changed', built: 'build', db: 'same' })
})
