import { ledgerTables } from './migrator-ledgers.ts'
import { literal } from './sql.ts'

/**
 * What a migration did to rows, which no schema shows. Only a copy on which nobody else works can tell: its counters say
 * which tables were written, and a sum over all rows says whether what code of before reads is still the same.
 *
 *   tables = rows of writableTablesQuery; before = asWrites(rows of writesSql(tables))
 *   … the migration …
 *   now = rows of writableTablesQuery; after = asWrites(rows of writesSql(now, tables)); changedRows(before, after)
 *
 * Several queries, whose rows belong together: what tells of sequences keeps a statement from being run in parallel.
 */
export function writesSql(now: readonly WritableTable[], then: readonly WritableTable[] = now): string[] {
  const sums = now.flatMap(table => sumQuery(table, then) ?? [])
  return [[countersQuery, sequencesQuery].join(all), ...(sums.length === 0 ? [] : [sums.join(all)])]
}

const all = '\nunion all\n'

const ledgers = [...ledgerTables, 'knex_migrations_lock'].map(name => literal(name)).join(', ')

/** The names are as SQL quotes them. */
export interface WritableTable {
  table: string
  columns: readonly string[]
  bytes: number
}

export interface WriteRow {
  kind: string
  name: string
  value: string
}

/** Partitions count with the table they are a part of; a migrator's own ledger is no data of the app. */
export const writableTablesQuery = `
select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as table,
       (select coalesce(pg_catalog.jsonb_agg(pg_catalog.quote_ident(a.attname) order by a.attnum), '[]') from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
       case when c.relkind = 'r' then pg_catalog.pg_table_size(c.oid)
            else (select coalesce(sum(pg_catalog.pg_table_size(p.relid)), 0) from pg_catalog.pg_partition_tree(c.oid) p where p.isleaf) end::float8 as bytes
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.nspname !~ '^slipway(_|$)'
  and c.relname not in (${ledgers})`

/** Reading a table costs about a second per million rows, or per 300 MB. */
export const largestSummedBytes = 512 * 1024 * 1024

/**
 * The sum of the hashes of all rows, of the columns that were there before: a table whose new column was filled has the
 * sum that it had. Columns that went, and other types, are told by the schema.
 */
function sumQuery(table: WritableTable, then: readonly WritableTable[]): string | undefined {
  const earlier = then.find(one => one.table === table.table)
  if (earlier === undefined || Math.max(table.bytes, earlier.bytes) > largestSummedBytes) return undefined
  const columns = earlier.columns.filter(column => table.columns.includes(column))
  if (columns.length === 0) return undefined
  const hash = `pg_catalog.hashtextextended(row(${columns.map(column => `t.${column}`).join(', ')})::text, 0)`
  const value = `pg_catalog.jsonb_build_array(count(*), coalesce(sum(${hash}), 0)::text, ${literal(columns.join(','))})::text`
  return `select 'rows' as kind, ${literal(table.table)} as name, ${value} as value from ${table.table} t`
}

/**
 * To be run before `writesSql`. Sessions report what they wrote when they end, and who wrote last has ended only just: his
 * session is gone from the list when its report is in. Before PostgreSQL 15 a report was read up to half a second late.
 */
export const settledSql = [
  "select pg_catalog.pg_sleep(0.6) where pg_catalog.current_setting('server_version_num')::int < 150000;",
  // Each by itself, because one statement would see the same list for as long as it takes.
  ...Array<string>(15).fill(`select pg_catalog.pg_sleep(0.02) where exists (
  select 1 from pg_catalog.pg_stat_activity a
  where a.datname = pg_catalog.current_database() and a.pid <> pg_catalog.pg_backend_pid()
    and a.application_name is distinct from 'slipway' and coalesce(a.backend_type, 'client backend') = 'client backend');`),
].join('\n')

/** A table with another oid was dropped and made anew, a column with another number too. */
const countersQuery = `
select 'table' as kind, pg_catalog.quote_ident(s.schemaname) || '.' || pg_catalog.quote_ident(s.relname) as name,
       pg_catalog.jsonb_build_object('oid', s.relid::bigint, 'inserted', s.n_tup_ins, 'updated', s.n_tup_upd, 'deleted', s.n_tup_del,
         'file', pg_catalog.pg_relation_filenode(s.relid)::bigint, 'bytes', pg_catalog.pg_relation_size(s.relid),
         'whole', pg_catalog.pg_partition_root(s.relid)::regclass::text,
         'columns', (select pg_catalog.jsonb_object_agg(a.attname, a.attnum) from pg_catalog.pg_attribute a
                     where a.attrelid = s.relid and a.attnum > 0 and not a.attisdropped))::text as value
from pg_catalog.pg_stat_user_tables s join pg_catalog.pg_class c on c.oid = s.relid and c.relkind in ('r', 'p')
where s.schemaname !~ '^(pg_temp|slipway(_|$))' and s.relname not in (${ledgers})
union all
select 'table', 'large objects', pg_catalog.jsonb_build_object('oid', s.relid::bigint, 'inserted', s.n_tup_ins, 'updated', s.n_tup_upd, 'deleted', s.n_tup_del, 'columns', null)::text
from pg_catalog.pg_stat_sys_tables s where s.relid = 'pg_catalog.pg_largeobject'::regclass`

const sequencesQuery = `
select 'sequence', pg_catalog.quote_ident(s.schemaname) || '.' || pg_catalog.quote_ident(s.sequencename),
       pg_catalog.jsonb_build_array(coalesce(s.last_value, s.start_value - s.increment_by)::text, s.increment_by::text)::text
from pg_catalog.pg_sequences s where s.schemaname !~ '^slipway(_|$)' and not exists (
  select 1 from pg_catalog.pg_depend d join pg_catalog.pg_class c on c.oid = d.refobjid
  where d.classid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i') and c.relname in (${ledgers})
        and d.objid = (pg_catalog.quote_ident(s.schemaname) || '.' || pg_catalog.quote_ident(s.sequencename))::regclass)`
