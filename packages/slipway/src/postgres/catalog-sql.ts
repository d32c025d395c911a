/**
 * One statement that returns the whole schema as pairs of key and value: one snapshot, so never half of a change.
 * Keys are `<kind> <name>`, names quoted as SQL quotes them and always with their schema; values are JSON.
 * What extensions own counts as part of the extension.
 */
export function catalogSql(ledgerParts: readonly string[]): string {
  const parts = [...schemaParts, ...ledgerParts]
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
              || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as name
  from pg_catalog.pg_proc p join spaces s on s.oid = p.pronamespace
  where not exists (select 1 from extended e where e.classid = 'pg_catalog.pg_proc'::regclass and e.objid = p.oid)
),
types as (
  select t.*, s.name || '.' || pg_catalog.quote_ident(t.typname) as name
  from pg_catalog.pg_type t join spaces s on s.oid = t.typnamespace
  where not exists (select 1 from extended e where e.classid = 'pg_catalog.pg_type'::regclass and e.objid = t.oid)
)`

/** `values`: pairs for jsonb_build_object. */
function part(kind: string, name: string, values: string, from: string): string {
  return `select '${kind} ' || ${name} as key, pg_catalog.jsonb_build_object(${values})::text as value from ${from}`
}

/** One line for each role that has rights on an object; what nobody ever granted is the built-in default. */
function grants(kind: string, letter: string, name: string, acl: string, owner: string, from: string): string {
  return `
select 'grant ${kind} ' || ${name} || ' to ' || case when a.grantee = 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end,
       pg_catalog.to_jsonb(pg_catalog.array_agg(distinct a.privilege_type::text order by a.privilege_type::text))::text
from ${from}, pg_catalog.aclexplode(coalesce(${acl}, pg_catalog.acldefault('${letter}', ${owner}))) a
group by 1`
}

const owner = (column: string): string => `'owner', pg_catalog.pg_get_userbyid(${column})`

const columnParts = [
  part(
    'column',
    "t.name || '.' || pg_catalog.quote_ident(a.attname)",
    `'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
     'default', case when a.attgenerated = '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end,
     'generated', case when a.attgenerated <> '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end,
     'identity', a.attidentity,
     'collation', case when a.attcollation <> y.typcollation then a.attcollation::regcollation::text end`,
    `tables t join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
     join pg_catalog.pg_type y on y.oid = a.atttypid
     left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum`,
  ),
  `
select 'grant column ' || t.name || '.' || pg_catalog.quote_ident(c.attname) || ' to '
       || case when a.grantee = 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end,
       pg_catalog.to_jsonb(pg_catalog.array_agg(distinct a.privilege_type::text order by a.privilege_type::text))::text
from relations t join pg_catalog.pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped,
     pg_catalog.aclexplode(c.attacl) a
group by 1`,
]

const tableParts = [
  part(
    'table',
    't.name',
    `'kind', t.relkind, 'persistence', t.relpersistence, 'rls', t.relrowsecurity, 'forceRls', t.relforcerowsecurity, ${owner('t.relowner')},
     'partition', pg_catalog.pg_get_expr(t.relpartbound, t.oid), 'partitioned', pg_catalog.pg_get_partkeydef(t.oid),
     'parents', (select pg_catalog.jsonb_agg(i.inhparent::regclass::text order by i.inhseqno) from pg_catalog.pg_inherits i where i.inhrelid = t.oid)`,
    'tables t',
  ),
  // PostgreSQL 18 lists NOT NULL as constraints too; here it belongs to the column.
  part(
    'constraint',
    "t.name || '.' || pg_catalog.quote_ident(c.conname)",
    `'definition', pg_catalog.pg_get_constraintdef(c.oid), 'valid', c.convalidated`,
    `tables t join pg_catalog.pg_constraint c on c.conrelid = t.oid and c.contype in ('c', 'f', 'p', 'u', 'x')`,
  ),
  part(
    'index',
    "t.name || '.' || pg_catalog.quote_ident(c.relname)",
    `'definition', pg_catalog.pg_get_indexdef(i.indexrelid), 'unique', i.indisunique, 'valid', i.indisvalid`,
    `relations t join pg_catalog.pg_index i on i.indrelid = t.oid and t.relkind in ('r', 'p', 'm')
     join pg_catalog.pg_class c on c.oid = i.indexrelid
     where not exists (select 1 from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))`,
  ),
  part(
    'trigger',
    "t.name || '.' || pg_catalog.quote_ident(g.tgname)",
    `'definition', pg_catalog.pg_get_triggerdef(g.oid), 'enabled', g.tgenabled`,
    'relations t join pg_catalog.pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal',
  ),
  part(
    'policy',
    "t.name || '.' || pg_catalog.quote_ident(p.polname)",
    `'command', p.polcmd, 'permissive', p.polpermissive,
     'roles', (select pg_catalog.jsonb_agg(case when r = 0 then 'public' else pg_catalog.pg_get_userbyid(r) end order by r) from pg_catalog.unnest(p.polroles) as r),
     'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)`,
    'tables t join pg_catalog.pg_policy p on p.polrelid = t.oid',
  ),
  part(
    'rule',
    "t.name || '.' || pg_catalog.quote_ident(r.rulename)",
    `'definition', pg_catalog.pg_get_ruledef(r.oid), 'enabled', r.ev_enabled`,
    `relations t join pg_catalog.pg_rewrite r on r.ev_class = t.oid and r.rulename <> '_RETURN'`,
  ),
]

const otherParts = [
  part('schema', 's.name', owner('s.nspowner'), 'spaces s'),
  part('extension', 'pg_catalog.quote_ident(x.extname)', `'version', x.extversion`, 'pg_catalog.pg_extension x'),
  part(
    'view',
    'v.name',
    `'definition', pg_catalog.pg_get_viewdef(v.oid), 'materialized', v.relkind = 'm', 'options', v.reloptions, ${owner('v.relowner')}`,
    `relations v where v.relkind in ('v', 'm')`,
  ),
  // The sequence of an identity column belongs to the column.
  part(
    'sequence',
    'q.name',
    `'type', pg_catalog.format_type(s.seqtypid, null), 'start', s.seqstart, 'increment', s.seqincrement,
     'minimum', s.seqmin, 'maximum', s.seqmax, 'cycle', s.seqcycle, ${owner('q.relowner')}`,
    `relations q join pg_catalog.pg_sequence s on s.seqrelid = q.oid
     where not exists (select 1 from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = q.oid and d.deptype = 'i')`,
  ),
  part(
    'function',
    'f.name',
    `'kind', f.prokind, 'sha256', pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
       case when f.prokind = 'a' then (select pg_catalog.to_jsonb(g)::text from pg_catalog.pg_aggregate g where g.aggfnoid = f.oid)
            else pg_catalog.pg_get_functiondef(f.oid) end, 'UTF8')), 'hex'), ${owner('f.proowner')}`,
    'routines f',
  ),
  part(
    'enum',
    't.name',
    `'labels', (select pg_catalog.jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid), ${owner('t.typowner')}`,
    `types t where t.typtype = 'e'`,
  ),
  part(
    'domain',
    't.name',
    `'type', pg_catalog.format_type(t.typbasetype, t.typtypmod), 'notNull', t.typnotnull, 'default', t.typdefault, ${owner('t.typowner')},
     'constraints', (select pg_catalog.jsonb_agg(pg_catalog.pg_get_constraintdef(c.oid) order by c.conname) from pg_catalog.pg_constraint c where c.contypid = t.oid)`,
    `types t where t.typtype = 'd'`,
  ),
  part(
    'type',
    't.name',
    `'fields', (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum)
                from pg_catalog.pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped),
     'subtype', (select pg_catalog.format_type(r.rngsubtype, null) from pg_catalog.pg_range r where r.rngtypid = t.oid), ${owner('t.typowner')}`,
    `types t where t.typtype = 'r' or (t.typtype = 'c' and exists (select 1 from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c'))`,
  ),
  part(
    'event trigger',
    'pg_catalog.quote_ident(v.evtname)',
    `'event', v.evtevent, 'enabled', v.evtenabled, 'function', v.evtfoid::regproc::text, 'tags', v.evttags`,
    `pg_catalog.pg_event_trigger v
     where not exists (select 1 from extended e where e.classid = 'pg_catalog.pg_event_trigger'::regclass and e.objid = v.oid)`,
  ),
]

const grantParts = [
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
]

const schemaParts = [...otherParts, ...tableParts, ...columnParts, ...grantParts]
