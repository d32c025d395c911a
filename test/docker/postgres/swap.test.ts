import { afterAll, beforeAll, expect, test } from 'vitest'
import { docker, openLab, sleep, until, type Lab } from './lab.ts'
import { sample, thorough } from '../sample.ts'

const name = 'we"ird; drop-- ü'
let lab: Lab

beforeAll(async () => {
  lab = await openLab({ name })
  await lab.sql(name, 'create table writes(id bigserial primary key, who text)')
  await lab.sql(name, "insert into writes(who) select 'early' from generate_series(1, 5000)")
  await lab.sql(name, 'create role "reader\'s ""own""" login')
  const quoted = '"we""ird; drop-- ü"'
  const setUp = [
    'create schema "od,d"',
    `alter database ${quoted} set search_path = public, "od,d", "$user"`,
    `alter database ${quoted} set "app.greeting" = 'it''s \\ fine'`,
    `alter role app in database ${quoted} set work_mem = '5MB'`,
    `revoke all on database ${quoted} from public`,
    `grant connect, temporary on database ${quoted} to "reader's ""own""" with grant option`,
    `alter database ${quoted} connection limit 77`,
    `comment on database ${quoted} is 'the app''s own'`,
  ]
  for (const statement of setUp) await lab.sql(name, statement)
})
afterAll(() => lab.remove())

test('a snapshot carries content, rights, settings, limit and owner, and lets nobody in', async () => {
  const copy = await lab.database(name).snapshot('d1')
  expect(copy).toBe(`${name}__before_d1`)
  expect(await properties(copy)).toEqual(await properties(name))
  expect(await allows(copy)).toBe('f')
  expect(await comment(copy)).toContain('taken by Slipway before d1')
  await expect(lab.sql(copy, 'select 1')).rejects.toThrow(/not currently accepting connections/)
})

test('a second snapshot with the same label is another one; the first stays', async () => {
  const copy = await lab.database(name).snapshot('d1')
  expect(copy).toBe(`${name}__before_d1_2`)
  expect(await lab.database(name).leftBehind()).toEqual([copy, `${name}__before_d1`])
  await lab.database(name).drop(copy)
  await lab.database(name).drop(copy)
  expect(await lab.database(name).leftBehind()).toEqual([`${name}__before_d1`])
})

test('a snapshot of a fenced database is exact while strangers hammer at it', async () => {
  const database = lab.database(name)
  const stranger = await lab.writer('outside', name)
  await until('the stranger writes', () => stranger.acknowledged() > 5)
  await database.fence([lab.inside.subnet])
  const copy = await database.snapshot('d2')
  const live = await lab.sql(name, 'select count(*) from writes')
  await database.liftFence()
  await stranger.stop()
  await database.swapIn(copy, 'check')
  expect(await lab.sql(name, 'select count(*) from writes')).toBe(live)
})

test('swapping brings the snapshot back under the live name, keeps what was live, and may be repeated', async () => {
  const database = lab.database(name)
  const before = await properties(name)
  const copy = await database.snapshot('d3')
  await lab.sql(name, 'alter table writes drop column who')
  const holder = await lab.writer('outside', name)
  const left = await database.swapIn(copy, 'd3')
  await holder.stop()

  expect(left).toBe(`${name}__left_d3`)
  expect(Number(await lab.sql(name, "select count(*) from writes where who = 'early'"))).toBe(5000)
  expect(await properties(name)).toEqual(before)
  expect(await comment(name)).toBe("the app's own")
  expect(await allows(left)).toBe('f')
  expect(await comment(left)).toContain('until Slipway swapped other data in for d3')
  expect(await database.swapIn(copy, 'd3')).toBe(left)

  // A rollback of the rollback, under the same label.
  const again = await database.swapIn(left, 'd3')
  expect(again).toBe(`${name}__left_d3_2`)
  expect(await database.swapIn(left, 'd3')).toBe(again)
  await expect(lab.sql(name, 'select who from writes limit 1')).rejects.toThrow(/who/)
  await database.swapIn(again, 'd3')
  expect(Number(await lab.sql(name, "select count(*) from writes where who = 'early'"))).toBe(5000)
})

test('a swap with what is not there changes nothing', async () => {
  await expect(lab.database(name).swapIn('no such; drop', 'd4')).rejects.toMatchObject({ code: 'RESTORE_FAILED' })
  await expect(lab.database(name).swapIn(name, 'd4')).rejects.toMatchObject({ code: 'RESTORE_FAILED' })
  expect(await allows(name)).toBe('t')
})

test('drops nothing that is not its own', async () => {
  await lab.sql(name, 'create database "precious"')
  await expect(lab.database(name).drop('precious')).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
  await expect(lab.database(name).drop(name)).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
  expect(await lab.sql(name, "select count(*) from pg_database where datname = 'precious'")).toBe('1')
})

test('PostgreSQL killed at any moment of a swap: the next call ends it, and the data is there', async () => {
  const database = lab.database(name)
  for (const [index, delay] of sample(2, [450, 950, 150, 700]).entries()) {
    const label = `kill${index}`
    const copy = await database.snapshot(label)
    await lab.sql(name, `create table made_by_${label}(id int)`)
    const swapping = database.swapIn(copy, label).catch(() => undefined)
    await sleep(delay)
    await docker('kill', '-s', 'KILL', lab.container)
    await swapping
    await docker('start', lab.container)
    await lab.waitUntilReady()
    const left = await database.swapIn(copy, label)
    expect(await lab.sql(name, `select to_regclass('public.made_by_${label}') is null`)).toBe('t')
    expect(Number(await lab.sql(name, "select count(*) from writes where who = 'early'"))).toBe(5000)
    expect(await database.leftBehind()).toContain(left)
    await database.drop(left)
  }
})

test.runIf(thorough)(
  'PostgreSQL killed at any moment of a snapshot: the live database is whole and a new one can be taken',
  async () => {
    const database = lab.database(name)
    for (const delay of [200, 500, 800]) {
      const taking = database.snapshot('killed').catch(() => undefined)
      await sleep(delay)
      await docker('kill', '-s', 'KILL', lab.container)
      await taking
      await docker('start', lab.container)
      await lab.waitUntilReady()
      const copy = await database.snapshot('killed')
      expect(Number(await lab.sql(name, "select count(*) from writes where who = 'early'"))).toBe(5000)
      await database.drop(copy)
    }
    for (const rest of await database.leftBehind()) await database.drop(rest)
    expect(await database.leftBehind()).toEqual([])
  },
)

test('a person in the middle of a transaction inside the container is not cut off, but named', async () => {
  const inner = docker(
    'exec',
    lab.container,
    'psql',
    '-XqAt',
    '-U',
    'app',
    '-d',
    "dbname='we\"ird; drop-- ü' application_name=careful",
    '-c',
    'select pg_sleep(30)',
  ).catch(() => '')
  await until(
    'he is there',
    async () =>
      (await lab.sql('postgres', "select count(*) from pg_stat_activity where application_name = 'careful'")) === '1',
  )
  await expect(lab.database(name).snapshot('d9')).rejects.toMatchObject({
    why: expect.stringContaining('careful') as string,
  })
  await lab.sql('postgres', "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'careful'")
  await inner
})

test('a dump for a backup gives way to a snapshot: it can be made again', async () => {
  const dumping = docker(
    ...['exec', lab.container, 'psql', '-U', 'app', '-d'],
    `dbname='we"ird; drop-- ü' application_name='slipway backup 0123'`,
    ...['-c', 'select pg_sleep(30)'],
  ).catch((error: unknown) => String(error))
  const there = "select count(*) from pg_stat_activity where application_name like 'slipway backup%'"
  await until('it is there', async () => (await lab.sql('postgres', there)) === '1')
  const copy = await lab.database(name).snapshot('d10')
  expect(await dumping).toMatch(/terminat/)
  await lab.database(name).drop(copy)
})

test('a snapshot that was swapped in, and out again, gets its name back, shut as it was, and may be repeated', async () => {
  const database = lab.database(name)
  const count = () => lab.sql(name, 'select count(*) from writes')
  const rows = await count()
  const copy = await database.snapshot('d11')
  await lab.sql(name, "insert into writes(who) values ('since')")
  const left = await database.swapIn(copy, 'd12')
  const discarded = await database.swapIn(left, 'd12')
  await database.putBack(discarded, copy)
  await database.putBack(discarded, copy)
  expect(await count()).toBe(String(Number(rows) + 1))
  expect((await database.leftBehind())[0]).toBe(copy)
  expect(await comment(copy)).toContain('taken by Slipway before d11')
  expect(await allows(copy)).toBe('f')
  await expect(database.putBack('postgres', 'elsewhere')).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
  await database.swapIn(copy, 'd13')
  expect(await count()).toBe(rows)
})

function properties(database: string): Promise<string> {
  const quoted = database.replaceAll("'", "''")
  return lab.sql(
    'postgres',
    `select pg_get_userbyid(datdba), (select array_agg(a::text order by a::text) from unnest(datacl) a), datconnlimit, datcollate,
       (select array_agg(pg_get_userbyid(setrole) || array_to_string(setconfig, '|') order by setrole) from pg_db_role_setting where setdatabase = d.oid)
     from pg_database d where datname = '${quoted}'`,
  )
}

function allows(database: string): Promise<string> {
  return lab.sql('postgres', `select datallowconn from pg_database where datname = '${database.replaceAll("'", "''")}'`)
}

function comment(database: string): Promise<string> {
  return lab.sql(
    'postgres',
    `select shobj_description(oid, 'pg_database') from pg_database where datname = '${database.replaceAll("'", "''")}'`,
  )
}
