import { owner, part } from './catalog-part.ts'

const columnName = `t.name || '.' || pg_catalog.quote_ident(a.attname)`
const partName = (column: string): string => `t.name || '.' || pg_catalog.quote_ident(${column})`

const columnParts = [
  // The sequence of an identity column is a part of the column.
  part(
    'column',
    columnName,
    `'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
     'default', case when a.attgenerated = '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end,
     'generated', case when a.attgenerated <> '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end,
     'identity', a.attidentity,
     'sequence', (select pg_catalog.jsonb_build_array(s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
                  from pg_catalog.pg_depend o join pg_catalog.pg_sequence s on s.seqrelid = o.objid
                  where o.classid = 'pg_catalog.pg_class'::regclass and o.refclassid = 'pg_catalog.pg_class'::regclass
                        and o.refobjid = t.oid and o.refobjsubid = a.attnum and o.deptype = 'i'),
     'collation', case when a.attcollation <> y.typcollation then a.attcollation::regcollation::text end`,
    `tables t join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
     join pg_catalog.pg_type y on y.oid = a.atttypid
     left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum`,
  ),
  // Who reads rows by position, or copies without naming columns, depends on it.
  `
select 'column order ' || t.name,
       (select coalesce(pg_catalog.jsonb_agg(a.attname::text order by a.attnum), '[]') from pg_catalog.pg_attribute a
        where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped)::text
from tables t`,
]

const columnNames = (table: string, numbers: string): string =>
  `(select pg_catalog.jsonb_agg(a.attname::text order by k.place)
    from pg_catalog.unnest(${numbers}) with ordinality as k(number, place)
    join pg_catalog.pg_attribute a on a.attrelid = ${table} and a.attnum = k.number)`

export const tableParts = [
  ...columnParts,
  part(
    'table',
    't.name',
    `'kind', t.relkind, 'persistence', t.relpersistence, 'rls', t.relrowsecurity, 'forceRls', t.relforcerowsecurity, ${owner('t.relowner')},
     'replicaIdentity', t.relreplident,
     'partition', pg_catalog.pg_get_expr(t.relpartbound, t.oid), 'partitioned', pg_catalog.pg_get_partkeydef(t.oid),
     'parents', (select pg_catalog.jsonb_agg(i.inhparent::regclass::text order by i.inhseqno) from pg_catalog.pg_inherits i where i.inhrelid = t.oid),
     'foreign', (select pg_catalog.jsonb_build_array(f.ftserver::text, pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(f.ftoptions::text, 'UTF8')), 'hex'))
                 from pg_catalog.pg_foreign_table f where f.ftrelid = t.oid)`,
    'tables t',
  ),
  // PostgreSQL 18 lists NOT NULL as constraints too; here it belongs to the column. Disabled triggers enforce nothing.
  part(
    'constraint',
    partName('c.conname'),
    `'definition', pg_catalog.pg_get_constraintdef(c.oid), 'valid', c.convalidated, 'kind', c.contype,
     'inherited', c.coninhcount > 0 or c.conparentid <> 0, 'columns', ${columnNames('c.conrelid', 'c.conkey')},
     'enforced', not exists (select 1 from pg_catalog.pg_trigger g where g.tgconstraint = c.oid and g.tgenabled = 'D'),
     'refers', case when c.contype = 'f' then pg_catalog.jsonb_build_object(
        'table', (select r.name from relations r where r.oid = c.confrelid), 'columns', ${columnNames('c.confrelid', 'c.confkey')},
        'delete', c.confdeltype, 'update', c.confupdtype, 'match', c.confmatchtype) end`,
    `tables t join pg_catalog.pg_constraint c on c.conrelid = t.oid and c.contype in ('c', 'f', 'p', 'u', 'x')`,
  ),
  part(
    'index',
    partName('c.relname'),
    `'definition', pg_catalog.pg_get_indexdef(i.indexrelid), 'unique', i.indisunique, 'valid', i.indisvalid,
     'columns', ${columnNames('i.indrelid', 'i.indkey::int2[]')}, 'inherited', c.relispartition,
     'expressions', pg_catalog.pg_get_expr(i.indexprs, i.indrelid), 'predicate', pg_catalog.pg_get_expr(i.indpred, i.indrelid)`,
    `relations t join pg_catalog.pg_index i on i.indrelid = t.oid and t.relkind in ('r', 'p', 'm')
     join pg_catalog.pg_class c on c.oid = i.indexrelid
     where not exists (select 1 from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))`,
  ),
  part(
    'trigger',
    partName('g.tgname'),
    `'definition', pg_catalog.pg_get_triggerdef(g.oid), 'enabled', g.tgenabled, 'inherited', g.tgparentid <> 0,
     'everyColumn', exists (select 1 from routines f where f.oid = g.tgfoid and f."readsEveryColumn")`,
    'relations t join pg_catalog.pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal',
  ),
  part(
    'policy',
    partName('p.polname'),
    `'command', p.polcmd, 'permissive', p.polpermissive,
     'roles', (select pg_catalog.jsonb_agg(case when r = 0 then 'public' else pg_catalog.pg_get_userbyid(r) end order by r) from pg_catalog.unnest(p.polroles) as r),
     'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)`,
    'tables t join pg_catalog.pg_policy p on p.polrelid = t.oid',
  ),
  part(
    'rule',
    partName('r.rulename'),
    `'definition', pg_catalog.pg_get_ruledef(r.oid), 'enabled', r.ev_enabled`,
    `relations t join pg_catalog.pg_rewrite r on r.ev_class = t.oid and r.rulename <> '_RETURN'`,
  ),
]
