import { identifier, literal } from './sql.ts'

/** The ledgers of known migrators: which table they are, and how a row reads. */
interface MigratorLedger {
  table: string
  /** Columns the table must have to be this ledger. */
  columns: readonly string[]
  /** SQL over a row `l`: what was applied. */
  name: string
  /** SQL over a row `l`: how it stands. */
  standing: string
}

const applied = `'applied'`
const prismaStanding = `case when l.rolled_back_at is not null then 'rolled back' when l.finished_at is null then 'failed' else 'applied' end`

const migratorLedgers: readonly MigratorLedger[] = [
  {
    table: '_prisma_migrations',
    columns: ['id', 'migration_name', 'finished_at', 'rolled_back_at'],
    name: `l.migration_name || ' ' || l.id`,
    standing: prismaStanding,
  },
  { table: '__drizzle_migrations', columns: ['hash'], name: 'l.hash', standing: applied },
  { table: 'pgmigrations', columns: ['name'], name: 'l.name', standing: applied },
  { table: 'knex_migrations', columns: ['name'], name: 'l.name', standing: applied },
  {
    table: 'schema_migrations',
    columns: ['version', 'dirty'],
    name: 'l.version',
    standing: `case when l.dirty then 'failed' else 'applied' end`,
  },
  { table: 'schema_migrations', columns: ['version'], name: 'l.version', standing: applied },
  {
    table: 'flyway_schema_history',
    columns: ['installed_rank', 'script', 'success'],
    name: `l.installed_rank || ' ' || l.script`,
    standing: `case when l.success then 'applied' else 'failed' end`,
  },
]

export const ledgerTables: ReadonlySet<string> = new Set(migratorLedgers.map(ledger => ledger.table))

/** Which of these tables are there, with their columns. */
export const ledgerTablesQuery = `
select n.nspname as schema, c.relname as table, pg_catalog.jsonb_agg(a.attname) as columns
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind = 'r' and c.relname in (${[...ledgerTables].map(literal).join(', ')})
group by 1, 2 order by 1, 2`

/** The rows of one ledger as a part of the catalog's statement; undefined: a table that only has the name. */
export function ledgerPart(found: { schema: string; table: string; columns: readonly string[] }): string | undefined {
  const ledger = migratorLedgers.find(
    known => known.table === found.table && known.columns.every(column => found.columns.includes(column)),
  )
  if (ledger === undefined) return undefined
  const place = `${identifier(found.schema)}.${identifier(found.table)}`
  return `select ${literal(`ledger ${place} `)} || coalesce((${ledger.name})::text, ''), pg_catalog.to_jsonb(${ledger.standing}::text)::text from ${place} l`
}
