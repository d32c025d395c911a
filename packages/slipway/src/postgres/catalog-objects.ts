import { owner, part } from './catalog-part.ts'
import { smallParts } from './catalog-small-objects.ts'

/** Whatever is no part of a table. */
export const objectParts = [
  part('schema', 's.name', owner('s.nspowner'), 'spaces s'),
  part(
    'extension',
    'pg_catalog.quote_ident(x.extname)',
    `'version', x.extversion, 'schema', x.extnamespace::regnamespace::text`,
    'pg_catalog.pg_extension x',
  ),
  part(
    'view',
    'v.name',
    `'definition', pg_catalog.pg_get_viewdef(v.oid), 'materialized', v.relkind = 'm', 'filled', v.relispopulated, 'options', v.reloptions, ${owner('v.relowner')}`,
    `relations v where v.relkind in ('v', 'm')`,
  ),
  // The sequence of an identity column belongs to the column.
  part(
    'sequence',
    'q.name',
    `'type', pg_catalog.format_type(s.seqtypid, null), 'start', s.seqstart, 'increment', s.seqincrement,
     'minimum', s.seqmin, 'maximum', s.seqmax, 'cycle', s.seqcycle, ${owner('q.relowner')},
     'ownedBy', (select o.refobjid::regclass::text || '.' || pg_catalog.quote_ident(a.attname)
                 from pg_catalog.pg_depend o join pg_catalog.pg_attribute a on a.attrelid = o.refobjid and a.attnum = o.refobjsubid
                 where o.classid = 'pg_catalog.pg_class'::regclass and o.objid = q.oid and o.deptype = 'a')`,
    `relations q join pg_catalog.pg_sequence s on s.seqrelid = q.oid
     where not exists (select 1 from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = q.oid and d.deptype = 'i')`,
  ),
  part(
    'function',
    'f.name',
    `'kind', f.prokind, 'sha256', pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
       case when f.prokind = 'a' then (select pg_catalog.to_jsonb(g)::text from pg_catalog.pg_aggregate g where g.aggfnoid = f.oid)
            else pg_catalog.pg_get_functiondef(f.oid) end, 'UTF8')), 'hex'), ${owner('f.proowner')},
     'returns', (select r.name from relations r join pg_catalog.pg_type t on t.typrelid = r.oid where t.oid = f.prorettype),
     'everyColumnOf', case when f."readsEveryColumn" then
       (select pg_catalog.jsonb_agg(t.name order by t.name) from tables t where f.prosrc ~* ('\\m' || pg_catalog.regexp_replace(t.relname, '(\\W)', '\\\\\\1', 'g') || '\\M')) end,
     'builtIn', exists (select 1 from pg_catalog.pg_proc b where b.proname = f.proname and b.pronamespace = 'pg_catalog'::regnamespace)`,
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
  ...smallParts,
]
