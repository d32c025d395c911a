import { expect, test } from 'vitest'
import { configOn, partOf, servicesHere } from '../../src/config/part.ts'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import { environmentConfig, placedServer as server } from './subject.ts'

const config: EnvironmentConfig = environmentConfig({
  database: { service: 'db' },
  migrate: { service: 'api', command: ['migrate'], files: [], timeoutMs: 1 },
  hooks: { beforeDeploy: [['a']], afterDeploy: [['b']], onFailure: [['c']], alert: [['d']], timeoutMs: 1 },
  placement: { servers: [server('a', ['api', 'page']), server('d', ['db', 'worker'])], decides: 'd', database: 'db' },
})
const services = [
  { name: 'api', role: 'web' as const },
  { name: 'page', role: 'web' as const },
  { name: 'worker', role: 'worker' as const },
  { name: 'db', role: 'state' as const },
  { name: 'seed', role: 'job' as const },
]

test('the server that decides has the database, the migration and the hooks, the others have not', () => {
  const decides = configOn(config, 'd')
  expect([decides.database?.service, decides.migrate?.service, decides.hooks.beforeDeploy]).toEqual([
    'db',
    'api',
    [['a']],
  ])
  expect(decides.placement?.here).toBe('d')
  const follows = configOn(config, 'a')
  expect([follows.database, follows.migrate]).toEqual([undefined, undefined])
  expect(follows.hooks).toEqual({ beforeDeploy: [], afterDeploy: [], onFailure: [], alert: [['d']], timeoutMs: 1 })
  expect(follows.placement).toMatchObject({ here: 'a', database: 'db' })
})

test('no server keeps a release warm: it could go back alone', () => {
  expect([configOn(config, 'a').warm.forMs, configOn(config, 'd').warm.forMs]).toEqual([0, 0])
})

test('an environment of one server stays as it is', () => {
  const single = environmentConfig({ database: { service: 'db' } })
  expect(configOn(single, 'a')).toBe(single)
  expect(servicesHere(services, single)).toEqual(services)
})

test('each server has its services; the image of the migration is with the database', () => {
  expect(servicesHere(services, configOn(config, 'a'))).toEqual([
    { name: 'api', role: 'web' },
    { name: 'page', role: 'web' },
  ])
  expect(servicesHere(services, configOn(config, 'd'))).toEqual([
    { name: 'api', role: 'job' },
    { name: 'worker', role: 'worker' },
    { name: 'db', role: 'state' },
    { name: 'seed', role: 'job' },
  ])
})

test('a part waits for nothing that is elsewhere', () => {
  const document = {
    services: {
      api: { image: 'x', depends_on: { db: { condition: 'service_healthy' }, worker: {} } },
      worker: { depends_on: { db: {} } },
      db: {},
    },
    volumes: { data: null },
  }
  expect(partOf(document, new Set(['api']))).toEqual({ services: { api: { image: 'x' } }, volumes: { data: null } })
  expect(partOf(document, new Set(['api', 'worker']))).toEqual({
    services: { api: { image: 'x', depends_on: { worker: {} } }, worker: {} },
    volumes: { data: null },
  })
})
