import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OwnRegistry, startRegistry } from '../../../lab/own-registry.mjs'
import { docker } from '../project.ts'
import { thorough } from '../sample.ts'
import { Stages } from '../stages.ts'
import { composeText, dockerfile, programs, type Version } from './promoted-database-app.ts'

/** What staging has proven meets the data of prod: its migration is rehearsed on those, and held or refused by them. */
const token = `canary-${randomBytes(9).toString('hex')}`
let stages: Stages
let registry: OwnRegistry
let pushing: string

const image = (name: string) => `${registry.host}/${stages.app}/${name}`
const table = 'CREATE TABLE things (id serial PRIMARY KEY, name text NOT NULL)'
const addition = 'ALTER TABLE things ADD COLUMN note text'
const uniqueness = 'ALTER TABLE things ADD CONSTRAINT one_of_each UNIQUE (name)'
const renaming = 'ALTER TABLE things RENAME COLUMN name TO title'

async function push(version: Version): Promise<void> {
  const pushed = Object.entries(programs).map(async ([name, program]) => {
    await stages.image(`${image(name)}:live`, dockerfile(`${stages.app}-base`, program, version))
    await promisify(execFile)('docker', ['--config', pushing, 'push', '--quiet', `${image(name)}:live`])
    await docker('image', 'rm', '--force', `${image(name)}:live`)
  })
  await Promise.all(pushed)
}

async function run(...words: string[]) {
  const ran = await stages.slipway(...words, '--json')
  const { result, error } = JSON.parse(ran.stdout)
  return { ...ran, result, error }
}

async function imagesOf(environment: string): Promise<Record<string, string>> {
  const { result } = await run('status', environment)
  return Object.fromEntries(result.services.map((each: { name: string; image: string }) => [each.name, each.image]))
}

/** By digest; a database is an environment's own. */
async function runs(environment: string): Promise<Record<string, string>> {
  const { db: _own, ...promoted } = await imagesOf(environment)
  for (const reference of Object.values(promoted)) expect(reference).toContain('@sha256:')
  return promoted
}

function sql(environment: string, statement: string): Promise<string> {
  const container = `${stages.app}-${environment}-db-1`
  return docker('exec', container, 'psql', '-XAtqU', 'shop', '-d', 'shop', '-c', statement)
}

async function onStaging(version: Version): Promise<void> {
  await push(version)
  const deployed = await run('deploy', 'staging')
  expect(deployed.exitCode, deployed.stderr).toBe(0)
}

describe.runIf(thorough)('promoting an app with a database', () => {
  beforeAll(async () => {
    registry = await startRegistry({ user: 'bot', password: token })
    stages = await Stages.create('staging', 'prod')
    Object.assign(stages.variables, { REGISTRY_TOKEN: token, DB_PASSWORD: 'only-for-tests' })
    pushing = join(stages.base, 'pushing')
    await mkdir(pushing)
    await registry.login(pushing)
    await docker('build', '--quiet', '--tag', `${stages.app}-base`, resolve(import.meta.dirname, '../../apps/queue'))
    await stages.write('compose.yaml', composeText(image))
    for (const stage of ['staging', 'prod']) {
      const own = ['api', 'worker'].map(name => `${name}: { environment: { STAGE: ${stage} } }`)
      await stages.write(`compose.${stage}.yaml`, `services: { ${own.join(', ')} }\n`)
    }
    await stages.configure(
      `compose: compose.yaml
services: { api: { role: web }, worker: { role: worker }, migrate: { role: job } }
database: db
migrate: { service: migrate, command: [node, main.mjs] }
health: { path: /, deadline: 15s }
registries: { "${registry.host}": { user: bot, password: REGISTRY_TOKEN } }
watch: off
warm: off`,
      { staging: 'compose: compose.staging.yaml, rehearse: off', prod: 'compose: compose.prod.yaml' },
    )
    await onStaging({ number: 1, migrations: [table], column: 'name' })
  }, 300_000)

  afterAll(async () => {
    await stages?.destroy()
    await registry?.stop()
  })

  test('gives prod a database of its own, migrated by the migrator that staging ran', async () => {
    const promoted = await run('promote', 'staging', 'prod')
    expect(promoted.exitCode, promoted.stderr).toBe(0)
    expect(await runs('prod')).toEqual(await runs('staging'))
    expect(await stages.answer('prod')).toBe('1 prod 0')
    await sql('prod', `insert into things(name) values ('one'), ('two'), ('two'), ('three')`)
    expect(await stages.answer('prod')).toBe('1 prod 4')
    expect(await stages.answer('staging')).toBe('1 staging 0')
  })

  test('a migration that only adds is rehearsed on the data of prod, and nobody waits', async () => {
    await onStaging({ number: 2, migrations: [table, addition], column: 'name' })
    const dry = await run('promote', 'staging', 'prod', '--dry-run')
    expect(dry.exitCode, dry.stderr).toBe(6)
    expect(dry.result.promotion.images).toMatchObject({
      api: expect.stringContaining('/api@sha256:'),
      worker: expect.stringContaining('/worker@sha256:'),
      migrate: expect.stringContaining('/migrate@sha256:'),
    })
    const promoted = await run('promote', 'staging', 'prod')
    expect(promoted.exitCode, promoted.stderr).toBe(0)
    expect(promoted.stderr).toMatch(/rehearse +done|Rehearse/)
    expect(promoted.result).toMatchObject({ migration: { changed: true } })
    expect(promoted.result.heldMs).toBeUndefined()
    expect(await runs('prod')).toEqual(await runs('staging'))
    expect(await stages.answer('prod')).toBe('2 prod 4')
  })

  test('one that the data of prod do not allow is refused before anything of prod is touched', async () => {
    await onStaging({ number: 3, migrations: [table, addition, uniqueness], column: 'name' })
    const before = await runs('prod')
    const refused = await run('promote', 'staging', 'prod')
    expect(refused.result.failure, refused.stderr).toMatchObject({ code: 'REHEARSAL_FAILED', step: 'rehearse' })
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('could not create unique index')
    expect(await runs('prod')).toEqual(before)
    expect(await stages.answer('prod')).toBe('2 prod 4')
    expect(await sql('prod', `select count(*) from pg_constraint where conname = 'one_of_each'`)).toBe('0\n')

    await sql('prod', `update things set name = 'another' where id = 3`)
    const promoted = await run('promote', 'staging', 'prod')
    expect(promoted.exitCode, promoted.stderr).toBe(0)
    expect(await stages.answer('prod')).toBe('3 prod 4')
  })

  test('one that the old code can not live with is held, and no row is lost', async () => {
    await onStaging({ number: 4, migrations: [table, addition, uniqueness, renaming], column: 'title' })
    const promoted = await run('promote', 'staging', 'prod')
    expect(promoted.exitCode, promoted.stderr).toBe(0)
    expect(promoted.result.heldMs).toBeGreaterThan(0)
    expect(await runs('prod')).toEqual(await runs('staging'))
    expect(await stages.answer('prod')).toBe('4 prod 4')
    expect(await sql('prod', `select string_agg(title, ',' order by id) from things`)).toBe('one,two,another,three\n')
    expect(await sql('staging', 'select count(*) from things')).toBe('0\n')
  })
})
