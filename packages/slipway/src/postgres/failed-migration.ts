import type { DatabaseState } from '../release/ports.ts'
import { runSql } from './psql.ts'
import type { LiveDatabase } from './server.ts'
import { identifier } from './sql.ts'

/**
 * A migration that was stopped before it changed anything may still have left a line in its ledger that forbids the
 * next attempt: Prisma notes each one before it runs it. Takes that back as `prisma migrate resolve --rolled-back` does.
 * Returns whether the database is as it was, but for lines that say so.
 */
export async function forgetFailedMigration(
  live: LiveDatabase,
  before: DatabaseState,
  after: DatabaseState,
): Promise<boolean> {
  if (before.fingerprint === after.fingerprint) return true
  const schemas = onlyFailedLines(before, after)
  if (schemas === undefined) return false
  for (const schema of schemas) {
    const table = `${identifier(schema)}._prisma_migrations`
    await runSql(
      live.server,
      live.name,
      `update ${table} set rolled_back_at = pg_catalog.now() where finished_at is null and rolled_back_at is null;`,
      { attempted: 'The ledger of the migrator could not be mended' },
    )
  }
  return true
}

/** Pure: the schemas whose Prisma ledgers got failed lines, when that is the only difference; else undefined. */
export function onlyFailedLines(before: DatabaseState, after: DatabaseState): string[] | undefined {
  const schemas = new Set<string>()
  for (const key of new Set([...Object.keys(before.catalog), ...Object.keys(after.catalog)])) {
    if (before.catalog[key] === after.catalog[key]) continue
    const schema = prismaLine.exec(key)?.[1]
    if (schema === undefined || key in before.catalog || after.catalog[key] !== '"failed"') return undefined
    schemas.add(schema.replaceAll('""', '"'))
  }
  return [...schemas]
}

/** Keys name tables as `identifier` writes them. */
const prismaLine = /^ledger "((?:[^"]|"")+)"\."_prisma_migrations" /
