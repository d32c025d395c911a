import { parse } from './schema-fields.ts'
import { identifier } from './sql.ts'

/**
 * What code of before was seen doing on the live database: the schema alone can not tell whether a new column is in the
 * way of `select *`, or a new reference in the way of a `delete`. What was not seen is doubted, or trusted, where it is judged.
 */
export interface Usage {
  /** Tables of which rows were deleted; undefined: the statistics are too young to tell. */
  deletes?: readonly string[]
  /** Statements that were run; undefined: the server keeps none (it needs the extension pg_stat_statements). */
  statements?: readonly string[]
}

/** Run as a superuser on the live database, which is not changed by it. `extensionSchema`: of pg_stat_statements. */
export function usageSql(extensionSchema: string | undefined): string {
  const parts = [countersQuery, sessionsQuery]
  if (extensionSchema !== undefined) parts.push(statementsQuery(extensionSchema))
  return parts.join('\nunion all\n')
}

/** One row with the schema when the extension is there and loaded, else none. */
export const statementsExtensionQuery = `
select n.nspname as schema from pg_catalog.pg_extension x join pg_catalog.pg_namespace n on n.oid = x.extnamespace
where x.extname = 'pg_stat_statements' and pg_catalog.current_setting('shared_preload_libraries') ~ 'pg_stat_statements'`

export interface UsageRow {
  kind: string
  value: string
}

/** Pure. */
export function asUsage(rows: readonly UsageRow[]): Usage {
  const of = (kind: string): string[] => rows.filter(row => row.kind === kind).map(row => row.value)
  const transactions = Number(parse(of('transactions')[0] ?? '0'))
  const statements = [...of('statement'), ...of('session')]
  return {
    ...(transactions >= enoughTransactions ? { deletes: of('deletes') } : {}),
    ...(of('statement').length > 0 ? { statements } : {}),
  }
}

/** A crash or a swap of databases sets the counters back to nothing. */
const enoughTransactions = 1000

const countersQuery = `
select 'deletes' as kind, pg_catalog.quote_ident(s.schemaname) || '.' || pg_catalog.quote_ident(s.relname) as value
from pg_catalog.pg_stat_user_tables s where s.n_tup_del > 0
union all
select 'transactions', d.xact_commit::text from pg_catalog.pg_stat_database d where d.datname = pg_catalog.current_database()`

const sessionsQuery = `
select 'session', a.query from pg_catalog.pg_stat_activity a
where a.datname = pg_catalog.current_database() and a.pid <> pg_catalog.pg_backend_pid() and a.query <> ''`

const statementsQuery = (schema: string): string => `
select 'statement', s.query from ${identifier(schema)}.pg_stat_statements s
where s.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()) and s.query <> ''`
