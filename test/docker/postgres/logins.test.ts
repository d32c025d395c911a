import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { missingLogins, provideLogins, retireLogins } from '../../../packages/slipway/src/postgres/logins.ts'
import { newLoginName } from '../../../packages/slipway/src/postgres/release-login.ts'
import { docker, openLab, until, type Lab } from './lab.ts'

// Logins of releases on a real PostgreSQL: what they may, what is theirs, what is logged of them, and their end.

const name = 'we"ird; drop-- ü'
const role = "sh'op ü"
let lab: Lab

beforeAll(async () => {
  lab = await openLab({ name, extra: ['-e', 'POSTGRES_INITDB_ARGS=--auth-host=scram-sha-256'] })
  await lab.sql(name, `create role "${role}" superuser login password 'old'`)
  await lab.sql(name, `create schema own authorization "${role}"`)
  await lab.sql(name, `alter role "${role}" set search_path = own, "$user", public`)
  await lab.sql(name, `alter role "${role}" in database "${name.replaceAll('"', '""')}" set statement_timeout = '7s'`)
  await lab.sql(name, `alter system set log_statement = 'all'`)
  await lab.sql(name, 'select pg_reload_conf()')
})
afterAll(() => lab.remove())

const live = () => ({ server: lab.server, name, now: () => new Date() })
const newLogin = () => ({ name: newLoginName(role) ?? '', password: `canary-${randomBytes(20).toString('hex')}` })

/** Over the network, from a container of its own. */
async function asked(login: { name: string; password: string }, sql: string): Promise<string> {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const connection = `host=${lab.container} user=${quoted(login.name)} dbname=${quoted(name)} connect_timeout=5`
  const options = ['--rm', '--network', lab.inside.name, '-e', `PGPASSWORD=${login.password}`, '--entrypoint', 'psql']
  return docker('run', ...options, 'postgres:16-alpine', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', connection, '-c', sql)
}

const first = newLogin()
const second = newLogin()

test('come in with their password and work as the role, with its rights and settings', async () => {
  const before = await lab.database(name).state()
  const wanted = [first, { name: 'shop', password: 'x' }]
  expect(await missingLogins(live(), wanted)).toEqual([first.name])
  expect(await missingLogins(live(), wanted)).toEqual([first.name])
  expect(await provideLogins(live(), wanted)).toEqual([first.name])
  expect(await missingLogins(live(), wanted)).toEqual([])
  const sql = `select session_user, current_user, current_setting('is_superuser'), current_setting('search_path'), current_setting('statement_timeout')`
  expect(await asked(first, sql)).toBe(`${first.name}|${role}|on|own, "$user", public|7s`)
  await asked(first, 'create table own.made_by_first(x int)')
  expect(await lab.sql(name, `select tableowner from pg_tables where tablename = 'made_by_first'`)).toBe(role)
  await lab.sql(name, 'drop table own.made_by_first')
  await expect(asked({ ...first, password: 'other' }, 'select 1')).rejects.toThrow('password authentication failed')
  // Releases come and go: no plan takes a login for a change of the schema.
  expect(await lab.database(name).state()).toEqual(before)
})

test('a second one changes nothing for the first, and doing it again changes nothing at all', async () => {
  expect(await provideLogins(live(), [second])).toEqual([second.name])
  expect(await provideLogins(live(), [second, { ...first, password: 'another' }])).toEqual([])
  for (const login of [first, second]) expect(await asked(login, 'select 1')).toBe('1')
  expect(await asked({ name: role, password: 'old' }, 'select 1')).toBe('1')
})

test('a role that a person made under such a name is left alone, and one without its role is not made', async () => {
  const strange = newLogin()
  await lab.sql(name, `create role "${strange.name.replaceAll('"', '""')}"`)
  expect(await provideLogins(live(), [strange])).toEqual([])
  const orphan = { name: newLoginName('nobody; drop role "x"') ?? '', password: 'x' }
  await expect(provideLogins(live(), [orphan])).rejects.toMatchObject({
    message: `The login ${orphan.name} could not be made`,
    why: expect.stringContaining('does not exist'),
  })
  expect(await lab.sql(name, `select count(*) from pg_roles where rolname like 'nobody%'`)).toBe('0')
  expect(await retireLogins(live(), new Set([first.name, second.name]))).toEqual([])
  expect(await lab.sql(name, `select count(*) from pg_roles where rolname like '%slipway%'`)).toBe('3')
})

test('with the last release that needs it a login goes, and who is still logged in by it too', async () => {
  const sleeping = asked(first, 'set statement_timeout = 0; select pg_sleep(60)').catch((error: Error) => error.message)
  const sessions = () => lab.sql(name, `select count(*) from pg_stat_activity where query like '%pg_sleep(60)'`)
  await until('it sleeps', async () => (await sessions()) === '1')
  expect(await retireLogins(live(), new Set([second.name]))).toEqual([first.name])
  expect(await sleeping).toContain('terminating connection')
  await expect(asked(first, 'select 1')).rejects.toThrow('password authentication failed')
  expect(await asked(second, 'select 1')).toBe('1')
  expect(await retireLogins(live(), new Set([second.name]))).toEqual([])
})

test('one to which something belongs stays, shut, until it is needed again', async () => {
  await asked(second, 'set role none; create temp table t(x int)').catch(() => '')
  await lab.sql(name, `grant select on all tables in schema pg_catalog to "${second.name}"`)
  expect(await retireLogins(live(), new Set())).toEqual([second.name])
  expect(
    await lab.sql(name, `select rolcanlogin from pg_roles where rolname = '${second.name.replaceAll("'", "''")}'`),
  ).toBe('f')
  await expect(asked(second, 'select 1')).rejects.toThrow(/not permitted to log in|password authentication failed/)
  expect(await retireLogins(live(), new Set())).toEqual([])
  expect(await provideLogins(live(), [second])).toEqual([second.name])
  expect(await asked(second, 'select current_user')).toBe(role)
})

test('no password is in the log of statements', async () => {
  const logged = await docker('logs', lab.container).then(async out => out + (await stderrOf(lab.container)))
  expect(logged).toContain('create role')
  expect(logged).not.toContain('canary-')
})

async function stderrOf(container: string): Promise<string> {
  const { execFile } = await import('node:child_process')
  const { promisify } = await import('node:util')
  const { stderr } = await promisify(execFile)('docker', ['logs', container], { maxBuffer: 64 * 1024 * 1024 })
  return stderr
}
