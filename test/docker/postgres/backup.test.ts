import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, truncateSync } from 'node:fs'
import { mkdtemp, mkdir, readFile, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeAbandoned } from '../../../packages/slipway/src/backup/abandoned.ts'
import { fileBackups } from '../../../packages/slipway/src/backup/backups.ts'
import { fillFromDatabase, fillFromDump } from '../../../packages/slipway/src/postgres/restore.ts'
import type { Backups } from '../../../packages/slipway/src/release/ports.ts'
import { filesIn, docker, openLab, sleep, until, type Lab } from './lab.ts'

const name = 'we"ird; drop-- ü'
const formats = ['plain', 'custom'] as const
let lab: Lab
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-backup-'))
  lab = await openLab({ name })
  const setUp = [
    'create extension pgcrypto',
    'create role other_owner',
    "create type mood as enum ('sad', 'ok')",
    'create table "ta;ble"(id bigserial primary key, note text, feeling mood, secret bytea)',
    `insert into "ta;ble"(note, feeling, secret) select E'li\\\\ne\\n-- ' || i || ' \\\\.', 'ok', gen_random_bytes(64) from generate_series(1, 20000) i`,
    'create table kept(a int primary key, b int generated always as (a * 2) stored)',
    'alter table kept owner to other_owner',
    'insert into kept select generate_series(1, 100)',
    'create materialized view summary as select count(*) from kept',
    `create function tricky() returns text language sql as $$ select 'CREATE TABLE x;
-- Name: not a table
' $$`,
  ]
  for (const statement of setUp) await lab.sql(name, statement)
})
afterAll(async () => {
  await lab.remove()
  await rm(folder, { recursive: true, force: true })
})

test.each(formats)(
  'a %s backup restores into a new database that is equal, and the live one is untouched',
  async format => {
    const directory = join(folder, `made for us/${format}`)
    const notes: string[] = []
    const backup = await backups(directory, format).create('pre-deploy', text => notes.push(text))
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    expect((await stat(backup.file)).mode & 0o777).toBe(0o600)
    expect(
      createHash('sha256')
        .update(await readFile(backup.file))
        .digest('hex'),
    ).toBe(backup.sha256)
    execFileSync('sha256sum', ['--check', '--strict', `${backup.file}.sha256`], { cwd: directory })
    expect(await filesIn(directory)).toHaveLength(2)
    expect(notes[0]).toMatch(/^dumped .*, verifying$/)

    const database = lab.database(name)
    const before = await database.state()
    const restored = await database.restoreBackup({ kind: 'backup', file: backup.file }, 'd7')
    expect(restored).toMatch(/__restored_d7(_2)?$/)
    expect(await lab.database(restored).sizeBytes()).toBeGreaterThan(1_000_000)
    await database.swapIn(restored, `swap-${format}`)
    expect((await database.state()).catalog).toEqual(before.catalog)
    expect((await database.state()).fingerprint).toBe(before.fingerprint)
    expect(await lab.sql(name, 'select count(*) from "ta;ble"')).toBe('20000')
  },
)

test('a database is copied without a file between: whole, or with an error that says why', async () => {
  const live = { server: lab.server, name, now: () => new Date() }
  // On a server of its own, as in a rehearsal. In one container Docker 20.10 tells of no program's end while what another
  // said is still to be read, and two of which one feeds the other would wait for each other.
  const stage = await openLab({ name: 'co;py' })
  await stage.sql('postgres', 'create role other_owner')
  const copy = { server: stage.server, name: 'co;py', now: live.now }
  const copies = "from pg_stat_activity where application_name like 'slipway rehearsal%'"
  const working = (): Promise<string> => lab.sql('postgres', `select count(*) ${copies}`)
  const empty = async (): Promise<void> => {
    await stage.sql('postgres', 'drop database if exists "co;py" with (force)')
    await stage.sql('postgres', 'create database "co;py" template template0')
  }
  await empty()
  await fillFromDatabase(copy, live)
  expect((await stage.database(copy.name).state()).catalog).toEqual((await lab.database(name).state()).catalog)
  expect(await stage.sql(copy.name, 'select count(*) from "ta;ble"')).toBe('20000')

  // The tables are there already: nothing may be left of the second attempt, nor of its pg_dump.
  await expect(fillFromDatabase(copy, live)).rejects.toMatchObject({ code: 'RESTORE_FAILED' })
  await until('pg_dump is gone', async () => (await working()) === '0')
  expect(await stage.sql(copy.name, 'select count(*) from "ta;ble"')).toBe('20000')

  await empty()
  const locker = lab.sql(name, 'begin; lock table kept; select pg_sleep(20)').catch(() => '')
  await until('the lock is held', async () => (await lab.sql(name, heldQuery)) === '1')
  const failed = expect(fillFromDatabase(copy, live)).rejects.toMatchObject({
    code: 'RESTORE_FAILED',
    why: expect.stringContaining('pg_dump') as string,
  })
  await until('pg_dump works', async () => (await working()) === '1')
  await lab.sql('postgres', `select pg_terminate_backend(pid) ${copies}`)
  await failed
  await lab.sql(
    'postgres',
    "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(20)' and pid <> pg_backend_pid()",
  )
  await locker
  await stage.remove()
})

const heldQuery =
  "select count(*) from pg_locks where relation = 'kept'::regclass and mode = 'AccessExclusiveLock' and granted"

test.each(formats)('a damaged %s backup is refused and leaves no database', async format => {
  const directory = join(folder, `damaged-${format}`)
  const { file } = await backups(directory, format).create('pre-deploy', () => undefined)
  const good = await readFile(file)
  const database = lab.database(name)
  const names = await databases()
  const restore = (): Promise<string> => database.restoreBackup({ kind: 'backup', file }, 'd8')

  const flipped = Buffer.from(good)
  flipped[Math.floor(good.length / 2)] = (flipped[Math.floor(good.length / 2)] ?? 0) ^ 1
  await writeFile(file, flipped)
  await expect(restore()).rejects.toMatchObject({
    code: 'RESTORE_FAILED',
    why: expect.stringContaining('SHA-256') as string,
  })

  // Without the noted digest the content itself must give it away.
  await rm(`${file}.sha256`)
  await writeFile(file, good)
  await truncate(file, good.length - 3000)
  await expect(restore()).rejects.toMatchObject({ code: 'RESTORE_FAILED' })
  await writeFile(
    file,
    Buffer.concat([good.subarray(0, good.length / 3), Buffer.from('garbage;\n'), good.subarray(good.length / 2)]),
  )
  await expect(restore()).rejects.toMatchObject({ code: 'RESTORE_FAILED' })
  await writeFile(file, 'rubbish')
  await expect(restore()).rejects.toMatchObject({ why: expect.stringContaining('no') as string })
  await rm(file)
  await expect(restore()).rejects.toMatchObject({ code: 'RESTORE_FAILED' })
  expect(await databases()).toBe(names)
})

test('the second daily backup of a day takes the place of the first, and a failed one does not', async () => {
  const directory = join(folder, 'daily')
  const store = backups(directory, 'plain', new Date('2026-03-04T03:00:00Z'))
  const first = await store.create('daily', () => undefined)
  expect(first.file).toBe(join(directory, 'daily-2026-03-04.sql'))
  await lab.sql(name, 'insert into kept values (101)')
  const second = await store.create('daily', () => undefined)
  expect(second.file).toBe(first.file)
  expect(second.sha256).not.toBe(first.sha256)
  const gone = fileBackups({
    ...lab.server,
    container: async () => undefined,
    name,
    config: config(directory, 'plain'),
    owner: 'shop-prod',
  })
  await expect(gone.create('daily', () => undefined)).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
  expect((await store.list()).map(backup => backup.sha256)).toEqual([second.sha256])
  await lab.sql(name, 'delete from kept where a = 101')
})

test('a full disk fails the backup, leaves earlier ones and no partial file', async () => {
  const mount = join(folder, 'small disk')
  await mkdir(mount)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1500k,mode=0700', 'tmpfs', mount])
  try {
    await writeFile(join(mount, 'pre-deploy-20260101-000000.sql'), 'earlier')
    await expect(backups(mount, 'plain').create('pre-deploy', () => undefined)).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
      why: expect.stringMatching(/disk .* full/) as string,
    })
    expect(await filesIn(mount)).toEqual(['pre-deploy-20260101-000000.sql'])
    await until('pg_dump is gone', async () => (await dumps()) === '0')
  } finally {
    execFileSync('umount', [mount])
  }
})

test.each([
  [
    'pg_dump',
    () =>
      lab.sql(
        'postgres',
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'slipway backup%'",
      ),
  ],
  ['the container', () => docker('kill', '-s', 'KILL', lab.container)],
])('%s killed in the middle fails the backup and leaves nothing', async (_, kill) => {
  const directory = join(folder, 'killed')
  // The lock lets pg_dump begin and keeps it from ending.
  const locker = docker(
    'exec',
    lab.container,
    'psql',
    '-XqAt',
    '-U',
    'app',
    '-d',
    `dbname='${name}'`,
    '-c',
    'begin; lock table kept; select pg_sleep(20)',
  ).catch(() => '')
  await sleep(1000)
  const making = backups(directory, 'custom').create('pre-deploy', () => undefined)
  const failed = expect(making).rejects.toMatchObject({
    code: 'BACKUP_FAILED',
    state: expect.stringContaining('removed') as string,
  })
  await until('pg_dump works', async () => (await dumps()) === '1')
  await kill()
  await failed
  expect(await filesIn(directory)).toEqual([])
  if ((await docker('inspect', '-f', '{{.State.Running}}', lab.container)) === 'false')
    await docker('start', lab.container)
  await lab.waitUntilReady()
  await lab.sql(
    'postgres',
    "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(20)' and pid <> pg_backend_pid()",
  )
  await locker
})

test('two daily backups at once: both succeed, and the one that stays has its own digest', async () => {
  const directory = join(folder, 'two at once')
  const store = backups(directory, 'plain', new Date('2026-03-04T03:00:00Z'))
  await Promise.all([1, 2].map(() => store.create('daily', () => undefined)))
  expect((await filesIn(directory)).sort()).toEqual(['daily-2026-03-04.sql', 'daily-2026-03-04.sql.sha256'])
  execFileSync('sha256sum', ['--check', '--strict', 'daily-2026-03-04.sql.sha256'], { cwd: directory })
})

test("another environment's folder is refused: nothing is dumped into it, listed or pruned", async () => {
  const directory = join(folder, 'not ours')
  const theirs = await backups(directory, 'plain').create('pre-deploy', () => undefined)
  const before = await readdir(directory)
  const ours = fileBackups({ ...lab.server, name, config: config(directory, 'plain'), owner: 'shop-staging' })
  const refused = { code: 'BACKUP_FAILED', why: expect.stringContaining('it holds those of shop-prod') as string }
  await expect(ours.list()).rejects.toMatchObject(refused)
  await expect(ours.prune()).rejects.toMatchObject(refused)
  await expect(ours.create('daily', () => undefined)).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
  expect(await readdir(directory)).toEqual(before)
  expect(await backups(directory, 'plain').list()).toMatchObject([{ file: theirs.file }])
})

test('prunes by policy and touches nothing of other names', async () => {
  const directory = join(folder, 'pruned')
  const store = backups(directory, 'plain', new Date('2026-05-01T00:00:00Z'))
  await store.create('daily', () => undefined)
  const old = [
    'daily-2026-01-01.sql',
    'pre-deploy-20260401-000000.sql',
    'pre-deploy-20260402-000000.dump',
    'pre-deploy-20260403-000000.sql',
  ]
  const others = [
    'daily-2026-01-01.sql.gz',
    'mine.sql',
    'pre-deploy-20260401-000000.sql.bak',
    'daily-2027-01-01.sql',
    '../x'.slice(3),
  ]
  for (const file of [...old, ...others]) await writeFile(join(directory, file), 'x')
  for (const file of old) await writeFile(join(directory, `${file}.sha256`), `${'0'.repeat(64)}  ${file}\n`)
  const cutOff = join(directory, 'daily-2026-01-02.sql.partial')
  await writeFile(cutOff, 'x')
  await utimes(cutOff, 1_700_000_000, 1_700_000_000)
  const gone = await store.prune()
  expect(gone.map(file => file.slice(directory.length + 1)).sort()).toEqual([
    'daily-2026-01-01.sql',
    'pre-deploy-20260401-000000.sql',
  ])
  const left = await filesIn(directory)
  for (const file of [
    ...others,
    'daily-2026-05-01.sql',
    'pre-deploy-20260402-000000.dump',
    'pre-deploy-20260403-000000.sql',
  ])
    expect(left).toContain(file)
  expect(left.filter(file => file.includes('2026-01-0') || file.includes('20260401-000000.sql.sha256'))).toEqual([
    'daily-2026-01-01.sql.gz',
  ])
})

describe.each(formats)('a %s backup that is begun ahead', format => {
  const quietly = (): void => undefined

  test("is read, has no name and is nobody else's to remove, until it is kept", async () => {
    const directory = join(folder, `ahead-${format}`)
    const store = backups(directory, format)
    const begun = store.begin('pre-deploy', quietly)
    const dump = await begun.dumped
    const copy = { server: lab.server, name: 'ahead', now: () => new Date() }
    const fill = async (): Promise<void> => {
      await lab.sql('postgres', 'drop database if exists ahead with (force)')
      await lab.sql('postgres', 'create database ahead template template0')
      await fillFromDump(copy, dump)
      expect((await lab.database('ahead').state()).catalog).toEqual((await lab.database(name).state()).catalog)
      expect(await lab.sql('ahead', 'select count(*) from "ta;ble"')).toBe('20000')
    }
    await Promise.all([fill(), begun.verified])
    expect(await store.list()).toEqual([])
    await removeAbandoned(directory)
    expect(await filesIn(directory)).toEqual([expect.stringMatching(/\.partial$/)])

    const kept = await begun.keep()
    expect(await filesIn(directory)).toHaveLength(2)
    expect(await store.list()).toMatchObject([{ file: kept.file, sha256: kept.sha256 }])
    await begun.discard()
    // It is the same file, whatever it is called.
    await fill()
    await lab.sql('postgres', 'drop database ahead with (force)')
    expect(await filesIn(directory)).toHaveLength(2)
  })

  test('is verified by a restore of all of it, and is decoded when that does not come to its end', async () => {
    const directory = join(folder, `proved-${format}`)
    const begin = (restore: Promise<unknown>) => {
      const begun = backups(directory, format).begin('pre-deploy', quietly)
      begun.provedBy?.(restore)
      return begun
    }
    await begin(Promise.resolve()).keep()
    await begin(Promise.reject(new Error('no copy'))).keep()
    // Nobody waits for a restore any more when nobody wants the backup.
    const discarded = begin(new Promise(() => undefined))
    await discarded.dumped
    await discarded.discard()
    expect(await filesIn(directory)).toHaveLength(4)
  })

  test('leaves nothing when it is discarded, also in the middle of it', async () => {
    const directory = join(folder, `discarded-${format}`)
    const made = backups(directory, format).begin('pre-deploy', quietly)
    await made.verified
    await made.discard()
    expect(await filesIn(directory)).toEqual([])

    const locker = lab.sql(name, 'begin; lock table kept; select pg_sleep(20)').catch(() => '')
    await until('the lock is held', async () => (await lab.sql(name, heldQuery)) === '1')
    const cut = backups(directory, format).begin('pre-deploy', quietly)
    await until('pg_dump works', async () => (await dumps()) === '1')
    await cut.discard()
    await expect(cut.keep()).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
    await cut.discard()
    expect(await filesIn(directory)).toEqual([])
    await until('pg_dump is gone', async () => (await dumps()) === '0')
    await lab.sql(
      'postgres',
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(20)' and pid <> pg_backend_pid()",
    )
    await locker
  })

  test.each([false, true])(
    'is not kept when what lies on the disk is not what was dumped, restored: %s',
    async isRestored => {
      const directory = join(folder, `spoilt-${format}-${isRestored}`)
      const begun = backups(directory, format).begin('pre-deploy', quietly)
      if (isRestored) begun.provedBy?.(Promise.resolve())
      await begun.dumped
      const partial = readdirSync(directory).find(file => file.endsWith('.partial')) ?? ''
      truncateSync(join(directory, partial), 2000)
      await expect(begun.verified).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
      await expect(begun.keep()).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
      expect(await filesIn(directory)).toEqual([])
    },
  )
})

function backups(directory: string, format: 'plain' | 'custom', now?: Date): Backups {
  return fileBackups({
    ...lab.server,
    name,
    config: config(directory, format),
    owner: 'shop-prod',
    ...(now === undefined ? {} : { now: () => now }),
  })
}

function config(directory: string, format: 'plain' | 'custom') {
  return { directory, format, keep: 2, daily: { keepDays: 30 } }
}

function databases(): Promise<string> {
  return lab.sql('postgres', 'select string_agg(datname, $$|$$ order by datname) from pg_database')
}

function dumps(): Promise<string> {
  return lab.sql('postgres', "select count(*) from pg_stat_activity where application_name like 'slipway backup%'")
}
