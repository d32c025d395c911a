/** One line for each role that has rights on an object; what nobody ever granted is the built-in default. */
function grants(kind: string, letter: string, name: string, acl: string, owner: string, from: string): string {
  return `
select 'grant ${kind} ' || ${name} || ' to ' || ${grantee},
       ${privileges}
from ${from}, pg_catalog.aclexplode(coalesce(${acl}, pg_catalog.acldefault('${letter}', ${owner}))) a
group by 1`
}

const grantee = `case when a.grantee = 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end`
const privileges =
  'pg_catalog.to_jsonb(pg_catalog.array_agg(distinct a.privilege_type::text order by a.privilege_type::text))::text'

/** The database is called `current`: a copy of it has another name. */
export const grantParts = [
  `
select 'grant column ' || t.name || '.' || pg_catalog.quote_ident(c.attname) || ' to ' || ${grantee},
       ${privileges}
from relations t join pg_catalog.pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped,
     pg_catalog.aclexplode(c.attacl) a
group by 1`,
  grants('schema', 'n', 's.name', 's.nspacl', 's.nspowner', 'spaces s'),
  grants(
    'table',
    'r',
    't.name',
    't.relacl',
    't.relowner',
    `(select * from relations where relkind in ('r', 'p', 'f', 'v', 'm')) t`,
  ),
  grants('sequence', 's', 'q.name', 'q.relacl', 'q.relowner', `(select * from relations where relkind = 'S') q`),
  grants('function', 'f', 'f.name', 'f.proacl', 'f.proowner', 'routines f'),
  grants(
    'database',
    'd',
    `'current'`,
    'd.datacl',
    'd.datdba',
    '(select * from pg_catalog.pg_database where datname = pg_catalog.current_database()) d',
  ),
]
