import { describe, expect, test } from 'vitest'
import type { ComposeService } from '../../src/config/document.ts'
import { newDocument, oldDocument, reachesOutside, reading } from '../../src/engine/rehearsal-document.ts'
import type { Release } from '../../src/release/model.ts'

const health = { intervalMs: 2000, deadlineMs: 30_000, timeoutMs: 5000 }
const stage = {
  id: 'r4',
  project: 'shop-prod_rehearsal',
  services: [{ name: 'api', role: 'web', port: 3000, hosts: [], health, replicas: 1, dockerHealth: false }],
} as unknown as Release

const state = {
  name: 'shop-prod',
  services: {
    db: {
      image: 'postgres:16',
      container_name: 'the-db',
      ports: [{ target: 5432, published: '5432' }],
      restart: 'always',
      healthcheck: { test: ['CMD', 'pg_isready'], interval: '2s' },
      volumes: [
        { type: 'volume', source: 'pgdata', target: '/var/lib/postgresql/data' },
        { type: 'bind', source: '/srv/init.sql', target: '/docker-entrypoint-initdb.d/init.sql' },
        { type: 'bind', source: '/srv/wal', target: '/wal' },
      ],
    },
  },
  volumes: { pgdata: { name: 'shop-prod_pgdata', external: true } },
}
const release = {
  services: {
    api: {
      image: 'sha256:old',
      environment: { DATABASE_URL: 'postgres://app@db/app' },
      healthcheck: { test: ['CMD', 'node', 'health.mjs'] },
      deploy: { replicas: 3, resources: { limits: { memory: '256m' } } },
      networks: { default: { aliases: ['backend'] } },
      volumes: [{ type: 'bind', source: '/srv/uploads', target: '/uploads' }],
    },
    other: { image: 'sha256:other' },
  },
  networks: { default: { name: 'shop-prod-r4_default', external: true } },
}

describe('the old release on the stage', () => {
  const document = oldDocument({ stage, state, release, database: 'db' })

  test('reaches nothing but its own network', () => {
    expect(document.networks).toEqual({
      default: {
        name: 'shop-prod_rehearsal',
        internal: true,
        labels: { 'slipway.project': 'shop-prod_rehearsal', 'slipway.release': 'r4' },
      },
    })
    expect(document.services['api']).toMatchObject({ networks: { default: { aliases: ['backend'] } }, restart: 'no' })
    expect(Object.keys(document.services)).toEqual(['db', 'api'])
    expect(JSON.stringify(document)).not.toMatch(/published|container_name|replicas/)
  })

  test('shares no volume with production, and writes to no folder of the host', () => {
    expect(document.volumes).toBeUndefined()
    expect(document.services['db']?.volumes).toEqual([
      { type: 'volume', target: '/var/lib/postgresql/data' },
      { type: 'bind', source: '/srv/init.sql', target: '/docker-entrypoint-initdb.d/init.sql', read_only: true },
    ])
    expect(document.services['api']?.volumes).toEqual([
      { type: 'bind', source: '/srv/uploads', target: '/uploads', read_only: true },
    ])
  })

  test('leaves processor and memory to those who serve', () => {
    expect(document.services['api']).toMatchObject({ cpu_shares: 256, mem_limit: '256m' })
    expect(document.services['db']).toMatchObject({ cpu_shares: 256, mem_limit: '1g' })
  })

  test('is looked at by Docker where the gate asks for it, and nowhere else', () => {
    expect(document.services['api']?.healthcheck).toEqual({ test: ['CMD', 'node', 'health.mjs'] })
    expect(document.services['db']?.healthcheck).toEqual({ disable: true })
  })

  test.each<[string, ComposeService['command'], unknown]>([
    ['none', undefined, ['postgres', '-c', 'fsync=off']],
    ['options', ['-c', 'max_connections=300'], ['-c', 'max_connections=300', '-c', 'fsync=off']],
    ['the program', ['postgres', '-c', 'x=1'], ['postgres', '-c', 'x=1', '-c', 'fsync=off']],
  ])('PostgreSQL is quick with a command of its own: %s', (_name, command, expected) => {
    const db = { ...state.services.db, ...(command === undefined ? {} : { command }) }
    const made = oldDocument({ stage, state: { ...state, services: { db } }, release, database: 'db' })
    expect(made.services['db']?.command?.slice(0, (expected as string[]).length)).toEqual(expected)
  })

  test('nothing has to survive there, and nobody tidies up behind the migration', () => {
    expect(document.services['db']?.command).toEqual(
      expect.arrayContaining(['synchronous_commit=off', 'autovacuum=off']),
    )
  })

  test.each([
    [undefined, '--no-sync'],
    ['--locale-provider=icu --icu-locale=de', '--locale-provider=icu --icu-locale=de --no-sync'],
  ])('it is set up without waiting for the disk, as it was asked to be: %s', (own, expected) => {
    const environment = { POSTGRES_USER: 'app', ...(own === undefined ? {} : { POSTGRES_INITDB_ARGS: own }) }
    const db = { ...state.services.db, environment }
    const made = oldDocument({ stage, state: { ...state, services: { db } }, release, database: 'db' })
    expect(made.services['db']?.environment).toEqual({ POSTGRES_USER: 'app', POSTGRES_INITDB_ARGS: expected })
  })

  test("a program that is not PostgreSQL's keeps its words", () => {
    const db = { ...state.services.db, command: ['/run-patroni', 'x'] }
    const made = oldDocument({ stage, state: { ...state, services: { db } }, release, database: 'db' })
    expect(made.services['db']?.command).toEqual(['/run-patroni', 'x'])
  })
})

test('a folder of this machine is only read, whatever it is called', () => {
  const service = reading({ image: 'postgres:16' }, { outside: '/srv/a$HOME b/dump', inside: '/dump' })
  expect(service).toEqual({
    image: 'postgres:16',
    volumes: [{ type: 'bind', source: '/srv/a$$HOME b/dump', target: '/dump', read_only: true }],
  })
  expect(reading({ volumes: [{ type: 'tmpfs' }] }, { outside: '/a', inside: '/b' }).volumes).toHaveLength(2)
})

test('the new release brings its migration, on the network that is there', () => {
  const document = newDocument(stage, {
    services: { ...release.services, 'slipway-migrate': { image: 'sha256:new', profiles: ['slipway-job'] } },
  })
  expect(document.networks).toEqual({ default: { name: 'shop-prod_rehearsal', external: true } })
  expect(document.services['slipway-migrate']).toMatchObject({
    container_name: 'shop-prod_rehearsal-migrate',
    profiles: ['slipway-job'],
    labels: { 'slipway.role': 'job' },
  })
})

test.each<[ComposeService, RegExp]>([
  [{ network_mode: 'host' }, /network_mode is host/],
  [{ pid: 'host' }, /pid is host/],
  [{ privileged: true }, /privileged/],
  [{ volumes: [{ type: 'bind', source: '/var/run/docker.sock', target: '/var/run/docker.sock' }] }, /docker\.sock/],
])('a service that reaches outside is not run apart: %o', (service, why) => {
  expect(reachesOutside(service)).toMatch(why)
})

test('an ordinary service is', () => {
  expect(reachesOutside(release.services.api)).toBeUndefined()
})
