import { identifier, literal } from './sql.ts'

/** Whose they are, beside their names: a role that a person made under such a name is left alone. */
export const loginMark = 'slipway: the login of a release'

/** Logins come and go with releases: they are no part of the schema. */
export const notSlipways = (oid: string): string => `${commentOn(oid)} is distinct from ${literal(loginMark)}`

/** The roles of these names; without names, all that Slipway has made. */
export function findLoginsSql(names?: readonly string[]): string {
  const comment = commentOn('r.oid')
  const wanted =
    names === undefined
      ? `${comment} = ${literal(loginMark)}`
      : `r.rolname = any (array[${names.map(literal).join(', ')}]::pg_catalog.name[])`
  return `select r.rolname as name, r.rolcanlogin as open, coalesce(${comment} = ${literal(loginMark)}, false) as own
from pg_catalog.pg_roles r where ${wanted} order by 1`
}

/** What a role has been given by ALTER ROLE … SET: it counts for who logs in as that role, not for its members. */
export function settingsSql(role: string): string {
  return `select d.datname as database, pg_catalog.unnest(s.setconfig) as setting
from pg_catalog.pg_db_role_setting s
join pg_catalog.pg_roles r on r.oid = s.setrole
left join pg_catalog.pg_database d on d.oid = s.setdatabase
where r.rolname = ${literal(role)}`
}

function commentOn(oid: string): string {
  return `pg_catalog.shobj_description(${oid}, 'pg_authid')`
}

export interface RoleSetting {
  database: string | null
  /** `name=value` */
  setting: string
}

/**
 * In one transaction: a login that works as another role from its first statement on. What it creates is that role's, and
 * what that role may, it may.
 */
export function makeLoginSql(
  login: { name: string; role: string; verifier: string },
  settings: readonly RoleSetting[],
): string {
  const name = identifier(login.name)
  return [
    'begin;',
    `create role ${name} login inherit password ${literal(login.verifier)} in role ${identifier(login.role)};`,
    `comment on role ${name} is ${literal(loginMark)};`,
    ...settings.map(each => settingSql(name, each)),
    ...(settings.some(({ setting }) => setting.startsWith('role='))
      ? []
      : [`alter role ${name} set role = ${literal(login.role)};`]),
    'commit;',
  ].join('\n')
}

export function openLoginSql({ name, verifier }: { name: string; verifier: string }): string {
  return `alter role ${identifier(name)} login password ${literal(verifier)};`
}

/** Who is still logged in by it is a stranger: no release is left that has it. */
export function shutLoginSql(name: string): string {
  return [
    `alter role ${identifier(name)} nologin password null;`,
    `select pg_catalog.count(pg_catalog.pg_terminate_backend(pid)) from pg_catalog.pg_stat_activity where usename = ${literal(name)};`,
  ].join('\n')
}

/** Refused by PostgreSQL when something belongs to it: then it stays, shut. */
export function dropLoginSql(name: string): string {
  return `drop role if exists ${identifier(name)};`
}

/** PostgreSQL keeps lists of names quoted, and takes a list in one literal for one name. */
function settingSql(login: string, { database, setting }: RoleSetting): string {
  const at = setting.indexOf('=')
  const [name, value] = [setting.slice(0, at), setting.slice(at + 1)]
  const parameter = name.split('.').map(identifier).join('.')
  const where = database === null ? '' : ` in database ${identifier(database)}`
  if (!listsOfNames.has(name)) return `alter role ${login}${where} set ${parameter} = ${literal(value)};`
  return [
    `select pg_catalog.set_config(${literal(name)}, ${literal(value)}, true);`,
    `alter role ${login}${where} set ${parameter} from current;`,
  ].join('\n')
}

const listsOfNames = new Set([
  'search_path',
  'temp_tablespaces',
  'session_preload_libraries',
  'local_preload_libraries',
])
