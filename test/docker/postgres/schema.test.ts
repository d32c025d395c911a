import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EnvironmentConfig } from '../../../packages/slipway/src/config/model.ts'
import type { Release, SchemaChange } from '../../../packages/slipway/src/release/model.ts'
import { sample } from '../sample.ts'
import { openLab, type Lab } from './lab.ts'

const name = 'we"ird; drop-- ü'
let lab: Lab
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-schema-'))
  lab = await openLab({ name })
  const setUp = [
    'create role reader',
    "create type mood as enum ('sad', 'ok')",
    'create table feedings(id serial primary key, amount_ml int not null, note varchar(50), feeling mood default $$ok$$, at timestamptz not null default now())',
    'create table babies(id serial primary key, name text not null, unique (name))',
    'create index feedings_at on feedings(at)',
    'create view recent as select * from feedings',
    'grant select on feedings to reader',
    `create function double(int) returns int language sql as 'select $1 * 2'`,
    'create schema "we.ird"',
    'create table "we.ird"."ta.b ""le"("c.d" int)',
  ]
  for (const statement of setUp) await lab.sql(name, statement)
})
afterAll(async () => {
  await lab.remove()
  await rm(folder, { recursive: true, force: true })
})

test('the state is the same when nothing but rows changes', async () => {
  const before = await lab.database(name).state()
  await lab.sql(name, 'insert into feedings(amount_ml) values (1), (2)')
  await lab.sql(name, 'analyze')
  const after = await lab.database(name).state()
  await lab.sql(name, 'truncate feedings') // the changes below are made to copies of it
  expect(after).toEqual(before)
  expect(Object.keys(before.catalog)).toEqual(
    expect.arrayContaining(['column public.feedings.amount_ml', 'column "we.ird"."ta.b ""le"."c.d"']),
  )
})

/** The corpus of migrations (test/migrations) has most of them as well: every run takes some. */
const statements: [statement: string, fine: string[], breaking: string[]][] = [
  [
    'create table toys(id serial primary key, baby int references babies unique, price numeric not null)',
    ['sequence toys_id_seq added', 'table toys added'],
    [],
  ],
  ['alter table feedings add column side text', ['column feedings.side added'], []],
  ['alter table feedings add column side text not null default $$left$$', ['column feedings.side added'], []],
  ['alter table feedings add column side int not null', [], ['column feedings.side added']],
  [
    'alter table feedings drop column amount_ml cascade',
    [],
    ['column feedings.amount_ml dropped', 'view recent dropped'],
  ],
  [
    'alter table feedings rename column note to remark',
    ['column feedings.remark added'],
    ['column feedings.note dropped', 'view recent changed (definition)'],
  ],
  [
    'alter table babies rename to children',
    ['table children added'],
    ['sequence babies_id_seq changed (ownedBy)', 'table babies dropped'],
  ],
  ['alter table feedings alter column note set not null', [], ['column feedings.note set not null']],
  ['alter table feedings alter column at drop not null', [], ['column feedings.at may be null now']],
  [
    'alter table "we.ird"."ta.b ""le" alter column "c.d" type bigint',
    [],
    ['column "we.ird"."ta.b ""le"."c.d" retyped from integer to bigint'],
  ],
  ['alter table feedings alter column at drop default', [], ['column feedings.at lost its default']],
  ['alter table feedings alter column amount_ml set default 0', ['column feedings.amount_ml got a default'], []],
  ["alter type mood add value 'great'", [], ['enum mood got great']],
  ['create index on feedings(note)', ['index feedings.feedings_note_idx added'], []],
  ['create unique index on feedings(note)', [], ['index feedings.feedings_note_idx added']],
  ['drop index feedings_at', [], ['index feedings.feedings_at dropped']],
  [
    'alter table feedings add constraint positive check (amount_ml > 0) not valid',
    [],
    ['constraint feedings.positive added'],
  ],
  ['alter table babies enable row level security', [], ['table babies changed (rls)']],
  ['create policy all_of_them on babies using (true)', ['policy babies.all_of_them added'], []],
  ['revoke select on feedings from reader', [], ['rights on table feedings to reader revoked']],
  ['grant select on babies to reader', ['rights on table babies to reader granted'], []],
  ['grant insert on feedings to reader', ['rights on table feedings to reader widened'], []],
  [
    'create or replace view recent as select * from feedings where amount_ml > 0',
    [],
    ['view recent changed (definition)'],
  ],
  ['create view all_babies as select * from babies', ['view all_babies added'], []],
  [
    `create or replace function double(int) returns int language sql as 'select $1 + $1'`,
    [],
    ['function double(integer) changed (sha256)'],
  ],
  [`create function double(text) returns text language sql as 'select $1'`, [], ['function double(text) added']],
  [`create function triple(int) returns int language sql as 'select $1 * 3'`, ['function triple(integer) added'], []],
  [
    'create trigger stamp before update on babies for each row execute function suppress_redundant_updates_trigger()',
    [],
    ['trigger babies.stamp added'],
  ],
  ['create extension pgcrypto', ['extension pgcrypto added'], []],
  [
    'create aggregate product(int) (sfunc = int4mul, stype = int, initcond = $$1$$)',
    ['function product(integer) added'],
    [],
  ],
  ['create domain positive as int check (value > 0)', ['domain positive added'], []],
  ['create schema slipway create table heartbeat(at timestamptz)', [], []],
]

test.each(sample(10, statements))('%s', async (statement, fine, breaking) => {
  const work = await workingCopy()
  const before = await lab.database(work).state()
  await lab.sql(work, statement)
  const after = await lab.database(work).state()
  const changes = lab.database(work).compare(before, after)
  expect(what(changes.filter(change => change.breaking))).toEqual(breaking)
  expect(what(changes.filter(change => !change.breaking))).toEqual(fine)
  expect(changes.filter(change => change.breaking).every(change => change.why !== undefined)).toBe(true)
})

test('ledgers of migrators count, whatever schema they are in, and a table that only has the name does not', async () => {
  const work = await workingCopy()
  const before = await lab.database(work).state()
  for (const statement of prismaLedger('other')) await lab.sql(work, statement)
  await lab.sql(
    work,
    `insert into other._prisma_migrations(id, checksum, migration_name, finished_at) values ('${uuid(1)}', 'x', '1_init', now())`,
  )
  await lab.sql(work, 'create table schema_migrations(something int)')
  await lab.sql(
    work,
    'create schema drizzle create table __drizzle_migrations(id serial, hash text, created_at bigint)',
  )
  await lab.sql(work, "insert into drizzle.__drizzle_migrations(hash) values ('abc')")
  const changes = lab.database(work).compare(before, await lab.database(work).state())
  expect(what(changes)).toEqual(expect.arrayContaining(['migration 1_init applied', 'migration abc applied']))
  expect(changes.filter(change => change.breaking)).toEqual([])
})

test('a migrator that claims success is held against its folder', async () => {
  const files = join(folder, 'prisma', 'migrations')
  const hostile = "2_it's; $(touch x)"
  for (const migration of ['1_init', hostile]) {
    await mkdir(join(files, migration), { recursive: true })
    await writeFile(join(files, migration, 'migration.sql'), 'select 1;')
  }
  await writeFile(join(files, 'migration_lock.toml'), '')
  const config = {
    directory: folder,
    migrate: { service: 'api', command: [], files: [files], timeoutMs: 1 },
  } as unknown as EnvironmentConfig
  const release = { id: 'r1', directory: join(folder, 'r1') } as unknown as Release
  const prove = (): Promise<void> => lab.database(name).proveMigrated(release, config)

  await expect(prove()).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    why: expect.stringContaining('1_init was not applied') as string,
  })
  for (const statement of prismaLedger('public')) await lab.sql(name, statement)
  await lab.sql(
    name,
    `insert into _prisma_migrations(id, checksum, migration_name, finished_at) values ('${uuid(1)}', 'x', '1_init', now())`,
  )
  await lab.sql(
    name,
    `insert into _prisma_migrations(id, checksum, migration_name) values ('${uuid(2)}', 'x', '${hostile.replaceAll("'", "''")}')`,
  )
  await expect(prove()).rejects.toMatchObject({ why: expect.stringContaining(`${hostile} failed half way`) as string })
  await lab.sql(name, `update _prisma_migrations set rolled_back_at = now() where finished_at is null`)
  await expect(prove()).rejects.toMatchObject({ why: expect.stringContaining(`${hostile} was not applied`) as string })
  await lab.sql(
    name,
    `insert into _prisma_migrations(id, checksum, migration_name, finished_at) values ('${uuid(3)}', 'x', '${hostile.replaceAll("'", "''")}', now())`,
  )
  await expect(prove()).resolves.toBeUndefined()

  // A release with sources of its own is held against those.
  await mkdir(join(release.directory, 'source', 'prisma', 'migrations', '3_later'), { recursive: true })
  await writeFile(join(release.directory, 'source', 'prisma', 'migrations', '3_later', 'migration.sql'), '')
  await expect(prove()).rejects.toMatchObject({ why: expect.stringContaining('3_later was not applied') as string })
})

test('a database that is gone or down is said to be so', async () => {
  const database = lab.database('no such "database')
  await expect(database.state()).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  await expect(database.sizeBytes()).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
  expect(await lab.database(name).sizeBytes()).toBeGreaterThan(1_000_000)
})

let copies = 0
async function workingCopy(): Promise<string> {
  const copy = `work${++copies}`
  await lab.sql('postgres', `create database ${copy} template "${name.replaceAll('"', '""')}"`)
  return copy
}

function what(changes: readonly SchemaChange[]): string[] {
  return changes.map(change => change.what).sort()
}

function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
}

function prismaLedger(schema: string): string[] {
  return [
    ...(schema === 'public' ? [] : [`create schema ${schema}`]),
    `create table ${schema}._prisma_migrations(id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz,
       migration_name varchar(255) not null, logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(), applied_steps_count int not null default 0)`,
  ]
}
