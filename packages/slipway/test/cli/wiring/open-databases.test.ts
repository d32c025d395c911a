import { expect, test } from 'vitest'
import { OpenDatabases } from '../../../src/cli/wiring/open-databases.ts'
import { config } from '../../release/sample-config.ts'

const login = { user: 'app', name: 'shop', password: 'secret' }

test('who names the same database gets the same, and who names another gets another', () => {
  const databases = new OpenDatabases()
  const container = databases.container(config)
  const known = databases.open(login, container)
  expect(databases.container({ ...config, health: { ...config.health, intervalMs: 1 } })).toBe(container)
  expect(databases.open({ ...login }, container)).toBe(known)
  const others = [{ password: 'rotated' }, { user: 'other' }, { name: 'other' }]
  for (const differs of others) expect(databases.open({ ...login, ...differs }, container)).not.toBe(known)
  const { password: _password, ...open } = login
  expect(databases.open(open, container)).not.toBe(known)
  const elsewhere = databases.container({ ...config, project: 'another' })
  expect(elsewhere).not.toBe(container)
  expect(databases.open(login, elsewhere)).not.toBe(known)
  expect(databases.container({ ...config, database: { service: 'pg' } })).not.toBe(container)
})
