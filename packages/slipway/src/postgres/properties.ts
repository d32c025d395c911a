import { array, nullable, number, object, string, type infer as Infer } from 'zod'
import { SlipwayError } from '../support/errors.ts'
import { queryBeside } from './databases.ts'
import type { LiveDatabase } from './server.ts'
import { identifier, literal } from './sql.ts'

/** What belongs to a database but not to its content: neither a template copy nor a dump carries it. */
export async function readProperties(live: LiveDatabase): Promise<DatabaseProperties> {
  const attempted = `The properties of the database ${live.name} could not be read`
  const [row] = await queryBeside(live, propertiesQuery(live.name), properties, { attempted })
  if (row === undefined)
    throw new SlipwayError('DATABASE_FAILED', attempted, { why: `there is no database ${live.name}` })
  return row
}

/** Gives another database the same rights, settings and limits, in one transaction. Run by whoever owns the server. */
export function copyPropertiesSql(from: DatabaseProperties, to: string): string {
  const database = identifier(to)
  return [
    `alter database ${database} owner to ${identifier(from.owner)};`,
    `alter database ${database} connection limit ${from.connectionLimit};`,
    ...rightsSql(from, database),
    ...from.settings.map(setting => settingSql(setting, database)),
  ].join('\n')
}

const setting = object({ role: nullable(string()), name: string(), value: string() })
const grant = object({ grantee: nullable(string()), privilege: string(), grantable: number() })

const properties = object({
  owner: string(),
  connectionLimit: number(),
  encoding: string(),
  collate: string(),
  ctype: string(),
  tablespace: string(),
  /** Null: nobody ever granted or revoked anything, so the built-in rights hold. */
  grants: nullable(array(grant)),
  settings: array(setting),
  /** The rest of the row by its column names, which differ between major versions. */
  row: object({
    datlocprovider: string().optional(),
    daticulocale: nullable(string()).optional(),
    datlocale: nullable(string()).optional(),
    daticurules: nullable(string()).optional(),
  }),
  version: number(),
})
export type DatabaseProperties = Infer<typeof properties>

/** PostgreSQL keeps these as lists of quoted names; written as one string they would become one name. */
const listSettings = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

function settingSql({ role, name, value }: Infer<typeof setting>, database: string): string {
  const on = role === null ? `alter database ${database}` : `alter role ${identifier(role)} in database ${database}`
  const values = listSettings.has(name.toLowerCase()) ? splitNames(value) : [value]
  const parameter = name.split('.').map(identifier).join('.')
  return `${on} set ${parameter} to ${values.length === 0 ? "''" : values.map(literal).join(', ')};`
}

/** `"$user", public` → `$user`, `public`; undoubles quotes, folds nothing: it is stored folded. */
export function splitNames(list: string): string[] {
  const names: string[] = []
  for (const [, quoted, plain] of list.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)) {
    names.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
  }
  return names
}

/** Rights come from the owner, as a superuser's grants do; who first granted them is not kept. */
function rightsSql(from: DatabaseProperties, database: string): string[] {
  if (from.grants === null) return []
  return [
    `revoke all on database ${database} from public;`,
    `revoke all on database ${database} from ${identifier(from.owner)};`,
    ...from.grants.map(({ grantee, privilege, grantable }) => {
      const whom = grantee === null ? 'public' : identifier(grantee)
      return `grant ${privilege} on database ${database} to ${whom}${grantable === 1 ? ' with grant option' : ''};`
    }),
  ]
}

function propertiesQuery(name: string): string {
  return `
select r.rolname as owner,
       d.datconnlimit as "connectionLimit",
       pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
       d.datcollate as collate,
       d.datctype as ctype,
       t.spcname as tablespace,
       pg_catalog.current_setting('server_version_num')::int as version,
       pg_catalog.to_jsonb(d) as row,
       case when d.datacl is null then null else (
         select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                  'grantee', case when a.grantee = 0 then null else pg_catalog.pg_get_userbyid(a.grantee) end,
                  'privilege', a.privilege_type,
                  'grantable', a.is_grantable::int)), '[]')
         from pg_catalog.aclexplode(d.datacl) a) end as grants,
       (select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                  'role', case when s.setrole = 0 then null else pg_catalog.pg_get_userbyid(s.setrole) end,
                  'name', pg_catalog.split_part(c.entry, '=', 1),
                  'value', pg_catalog.substr(c.entry, pg_catalog.strpos(c.entry, '=') + 1))), '[]')
        from pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) as c(entry)
        where s.setdatabase = d.oid) as settings
from pg_catalog.pg_database d
join pg_catalog.pg_roles r on r.oid = d.datdba
join pg_catalog.pg_tablespace t on t.oid = d.dattablespace
where d.datname = ${literal(name)}`
}
