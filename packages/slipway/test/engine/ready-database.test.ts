import { describe, expect, test } from 'vitest'
import type { ComposeService } from '../../src/config/document.ts'
import { commitArgv, firstSetUp, onReadyImage, readyImage, setUpArgv } from '../../src/engine/ready-database.ts'

const command = ['postgres', '-c', 'max_connections=300', '-c', 'fsync=off']
const plain: ComposeService = {
  image: 'postgres:16',
  command,
  environment: {
    POSTGRES_USER: 'shop',
    POSTGRES_PASSWORD: 'marked-secret',
    POSTGRES_DB: 'shop',
    POSTGRES_INITDB_ARGS: '--no-sync',
    PGDATA: '/var/lib/postgresql/data/pgdata',
  },
  volumes: [
    { type: 'volume', target: '/var/lib/postgresql/data' },
    { type: 'bind', source: '/srv/ca.pem', target: '/etc/ssl/ca.pem', read_only: true },
  ],
}
const image = 'sha256:base'
const mount = (target: string) => ({ type: 'bind', source: '/srv/x', target, read_only: true })

describe('what the first set-up goes by', () => {
  test('is the image, who owns the server, and how it is initialised; the database is made by the copy', () => {
    expect(firstSetUp(plain, 'shop')).toEqual({
      image: 'postgres:16',
      environment: { POSTGRES_USER: 'shop', POSTGRES_DB: 'postgres', POSTGRES_INITDB_ARGS: '--no-sync' },
    })
    expect(firstSetUp(plain, 'other')?.environment['POSTGRES_DB']).toBe('shop')
    const unnamed = { ...plain, environment: { POSTGRES_USER: 'shop' } }
    expect(firstSetUp(unnamed, 'shop')?.environment['POSTGRES_DB']).toBe('postgres')
    expect(firstSetUp(unnamed, 'other')?.environment).not.toHaveProperty('POSTGRES_DB')
  })

  test.each<[string, Partial<ComposeService>]>([
    ['scripts', { volumes: [{ type: 'bind', source: '/srv/init.sql', target: '/docker-entrypoint-initdb.d/1.sql' }] }],
    ['a config among the scripts', { configs: [{ source: 'init', target: '/docker-entrypoint-initdb.d/1.sql' }] }],
    ['a variable that nobody knows', { environment: { ...plain.environment, REPLICATION_USER: 'x' } }],
    ['a variable without a value', { environment: { POSTGRES_USER: null } }],
    ['a user out of a file', { environment: { POSTGRES_USER_FILE: '/run/secrets/user' } }],
    ['ways to log in', { environment: { POSTGRES_INITDB_ARGS: '--auth-local=scram-sha-256' } }],
    ['another place for the log', { environment: { POSTGRES_INITDB_ARGS: '--waldir /wal' } }],
    ['a program of its own', { entrypoint: ['/run-patroni'] }],
    ['a command that is not known', { command: ['/run-patroni'] }],
    ['a command as one string', { command: 'postgres -c fsync=off' }],
    ['settings in a file', { command: [...command, '-c', 'config_file=/etc/postgresql.conf'] }],
    ['its data elsewhere', { command: [...command, '-c', 'data_directory=/data'] }],
    ['a short way to name logins', { environment: { POSTGRES_INITDB_ARGS: '-A scram-sha-256' } }],
    ['a file with a hyphen', { command: [...command, '--hba-file=/etc/pg_hba.conf'] }],
    ['the sample of its settings', { volumes: [mount('/usr/share/postgresql/postgresql.conf.sample')] }],
    ['a program of the image', { volumes: [mount('/usr/local/bin/docker-entrypoint.sh')] }],
    ['the time zone', { volumes: [mount('/etc/localtime')] }],
    ['a secret in such a place', { secrets: [{ source: 'x', target: '/usr/share/postgresql/pg_hba.conf.sample' }] }],
    ['a user', { user: '1000' }],
    ['a root that is only read', { read_only: true }],
    ['another volume', { volumes: [{ type: 'volume', target: '/tablespaces' }] }],
    ['a file among its data', { volumes: [{ type: 'bind', target: '/var/lib/postgresql/data/pg_hba.conf' }] }],
  ])('is not known: %s', (_name, more) => {
    expect(firstSetUp({ ...plain, ...more }, 'shop')).toBeUndefined()
  })

  test('is not known without an image', () => {
    const { image: _image, ...rest } = plain
    expect(firstSetUp(rest, 'shop')).toBeUndefined()
  })
})

test('another image, or another set-up, has another name; another password has not', () => {
  const name = (service: ComposeService, id = image) => {
    const setUp = firstSetUp(service, 'shop')
    return setUp === undefined ? undefined : readyImage(setUp, id)
  }
  const environment = (more: Record<string, string>) => ({ ...plain, environment: { ...plain.environment, ...more } })
  expect(name(plain)).toMatch(/^slipway\/ready_database:[0-9a-f]{32}$/)
  expect(name(plain, 'sha256:newer')).not.toBe(name(plain))
  expect(name(environment({ TZ: 'Europe/Berlin' }))).not.toBe(name(plain))
  expect(name(environment({ POSTGRES_PASSWORD: 'other' }))).toBe(name(plain))
})

test('a copy keeps its settings and files, and none of the volumes', () => {
  expect(onReadyImage(plain, 'ready')).toEqual({
    ...plain,
    image: 'ready',
    environment: { ...plain.environment, PGDATA: '/slipway-database' },
    volumes: [{ type: 'bind', source: '/srv/ca.pem', target: '/etc/ssl/ca.pem', read_only: true }],
  })
})

test('no value of the environment is an argument, and nothing of a rehearsal stays in the image', () => {
  const setUp = firstSetUp(plain, 'shop')
  if (setUp === undefined) throw new Error('it is known')
  const argv = setUpArgv(setUp, { name: 'shop-prod_rehearsal-set-up', labels: { 'slipway.release': 'r4' } })
  expect(argv.join(' ')).not.toMatch(/marked-secret|=shop/)
  expect(argv).toEqual(expect.arrayContaining(['--env', 'POSTGRES_PASSWORD', '--network', 'none']))
  expect(argv.slice(argv.indexOf('--'), argv.indexOf('--') + 3)).toEqual(['--', 'postgres:16', 'postgres'])
  expect(commitArgv('container', 'name', image)).toEqual(
    expect.arrayContaining(['ENV POSTGRES_PASSWORD=', 'LABEL slipway.project=', 'LABEL slipway.release=']),
  )
})
