import { grantParts } from './catalog-rights.ts'
import { objectParts } from './catalog-objects.ts'
import { tableParts } from './catalog-tables.ts'

/**
 * One statement that returns the whole schema as pairs of key and value: one snapshot, so never half of a change.
 * Keys are `<kind> <name>`, names quoted as SQL quotes them and always with their schema; values are JSON.
 * What extensions own counts as part of the extension.
 */
export function catalogSql(ledgerParts: readonly string[]): string {
  const parts = [...objectParts, ...tableParts, ...grantParts, ...ledgerParts]
  return `with ${ownedObjects}\n${parts.map(part => part.trim()).join('\nunion all\n')}`
}

const ownedObjects = `
spaces as (
  select n.oid, pg_catalog.quote_ident(n.nspname) as name, n.nspowner, n.nspacl from pg_catalog.pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.nspname !~ '^slipway(_|$)'
),
extended as (select classid, objid from pg_catalog.pg_depend where deptype = 'e'),
relations as (
  select c.*, s.name || '.' || pg_catalog.quote_ident(c.relname) as name
  from pg_catalog.pg_class c join spaces s on s.oid = c.relnamespace
  where not exists (select 1 from extended e where e.classid = 'pg_catalog.pg_class'::regclass and e.objid = c.oid)
),
tables as (select * from relations where relkind in ('r', 'p', 'f')),
routines as (
  select p.*, s.name || '.' || pg_catalog.quote_ident(p.proname)
              || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as name,
         p.prosrc ~* '\\.\\s*\\*|\\mselect\\s+(distinct\\s+)?\\*|\\mreturning\\s+\\*|,\\s*\\*' as "readsEveryColumn"
  from pg_catalog.pg_proc p join spaces s on s.oid = p.pronamespace
  where not exists (select 1 from extended e where e.classid = 'pg_catalog.pg_proc'::regclass and e.objid = p.oid)
),
types as (
  select t.*, s.name || '.' || pg_catalog.quote_ident(t.typname) as name
  from pg_catalog.pg_type t join spaces s on s.oid = t.typnamespace
  where not exists (select 1 from extended e where e.classid = 'pg_catalog.pg_type'::regclass and e.objid = t.oid)
)`
