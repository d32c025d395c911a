import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { boolean, object, string } from 'zod'
import type { EnvironmentConfig } from '../config/model.ts'
import type { Release } from '../release/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { readState } from './catalog.ts'
import { queryLive } from './databases.ts'
import { missingFromLedgers, type MigrationFile } from './ledger-proof.ts'
import type { LiveDatabase } from './server.ts'
import { identifier } from './sql.ts'

/**
 * A migrator's exit code is no proof: Prisma has been seen to exit 0 having applied nothing. So its ledger in
 * the database is held against its folder. Of migrators whose folder is not known here nothing is claimed.
 */
export async function proveMigrated(live: LiveDatabase, release: Release, config: EnvironmentConfig): Promise<void> {
  const folders = await migrationFiles(release, config)
  const expected = await prismaMigrations(folders)
  const problem =
    expected.length > 0
      ? disagreement(expected, await readPrismaLedger(live))
      : await missingOfOthers(live, await readMigrations(folders))
  if (problem === undefined) return
  throw new SlipwayError(
    'MIGRATION_FAILED',
    `The database ${live.name} does not have all migrations of ${release.id}`,
    {
      why: problem,
      next: 'Look at the output of the migration. A failed one is cleared by `prisma migrate resolve` and a mended migration.',
    },
  )
}

async function missingOfOthers(live: LiveDatabase, files: readonly MigrationFile[]): Promise<string | undefined> {
  if (files.length === 0) return undefined
  const missing = missingFromLedgers((await readState(live)).catalog, files)
  if (missing.length === 0) return undefined
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : ''
  return `${missing.slice(0, 5).join(', ')}${more} ${missing.length === 1 ? 'was' : 'were'} not applied (by the migrator's ledger)`
}

export interface LedgerRow {
  name: string
  finished: boolean
  rolledBack: boolean
}

/** Pure: what the ledger lacks; undefined when it has all. A migration may have failed earlier and been done since. */
export function disagreement(expected: readonly string[], rows: readonly LedgerRow[]): string | undefined {
  const done = new Set(rows.filter(row => row.finished && !row.rolledBack).map(row => row.name))
  const failed = new Set(rows.filter(row => !row.finished && !row.rolledBack).map(row => row.name))
  const lacking = expected.filter(name => !done.has(name))
  if (lacking.length === 0) return undefined
  const told = lacking.slice(0, 5).map(name => `${name} ${failed.has(name) ? 'failed half way' : 'was not applied'}`)
  return `${told.join(', ')}${lacking.length > 5 ? ` and ${lacking.length - 5} more` : ''} (by the ledger _prisma_migrations)`
}

/** The release's own copy of the sources when it has one, else the folder of slipway.yaml. */
async function migrationFiles(release: Release, config: EnvironmentConfig): Promise<string[]> {
  const own = join(release.directory, 'source')
  const base = (await isDirectory(own)) ? own : config.directory
  return (config.migrate?.files ?? []).map(file =>
    resolve(base, relative(config.directory, resolve(config.directory, file))),
  )
}

/** The names of the migrations in Prisma folders: those subfolders that have a migration.sql. */
async function prismaMigrations(folders: readonly string[]): Promise<string[]> {
  const names: string[] = []
  for (const folder of folders) {
    if (!(await isDirectory(folder))) continue
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && (await isFile(join(folder, entry.name, 'migration.sql')))) names.push(entry.name)
    }
  }
  return names.sort()
}

/** The files of each folder of migrations, as far as they are of a size that migrations have. */
async function readMigrations(folders: readonly string[]): Promise<MigrationFile[]> {
  const files: MigrationFile[] = []
  for (const folder of folders) {
    if (!(await isDirectory(folder))) continue
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || (await stat(path)).size > largestMigration) continue
      files.push({ path: relative(folder, path).split(sep).join('/'), content: await readFile(path, 'utf8') })
    }
  }
  return files
}

const largestMigration = 16 * 1024 * 1024

async function readPrismaLedger(live: LiveDatabase): Promise<LedgerRow[]> {
  const attempted = 'The ledger of the migrator could not be read'
  const schemas = await queryLive(live, ledgerPlacesQuery, object({ schema: string() }), {
    attempted,
  })
  const row = object({ name: string(), finished: boolean(), rolledBack: boolean() })
  const rows = await Promise.all(schemas.map(({ schema }) => queryLive(live, ledgerQuery(schema), row, { attempted })))
  return rows.flat()
}

const ledgerPlacesQuery = `
select n.nspname as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relname = '_prisma_migrations' and c.relkind = 'r'`

function ledgerQuery(schema: string): string {
  return `select migration_name as name, finished_at is not null as finished, rolled_back_at is not null as "rolledBack"
from ${identifier(schema)}._prisma_migrations`
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false
}
