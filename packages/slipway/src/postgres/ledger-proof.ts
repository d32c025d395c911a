import { createHash } from 'node:crypto'
import type { Catalog } from '../release/ports.ts'
import { read } from './schema-fields.ts'

export interface MigrationFile {
  /** Inside the folder of `migrate.files`, with `/`. */
  path: string
  content: string
}

/**
 * Which migrations of a folder a known migrator's ledger does not call applied. Whose folder it is, the ledgers tell
 * that are there; where there is none, nothing is claimed and nothing is found missing. Tools claim success for less:
 * Drizzle passes over what is older than the newest it knows, node-pg-migrate and knex over a folder they do not see.
 */
export function missingFromLedgers(catalog: Catalog, files: readonly MigrationFile[]): string[] {
  for (const { table, expected } of migrators) {
    const names = expected(files)
    const lines = linesOf(catalog, table)
    if (names.length === 0 || (lines === undefined && table !== '_prisma_migrations')) continue
    return names
      .filter(({ line }) => !(lines ?? []).some(applied => applied === line || applied.startsWith(`${line} `)))
      .map(({ name }) => name)
  }
  return []
}

interface Expected {
  /** What a person calls it. */
  name: string
  /** How the ledger's line in the catalog begins. */
  line: string
}

const migrators: readonly { table: string; expected(files: readonly MigrationFile[]): Expected[] }[] = [
  {
    table: '_prisma_migrations',
    expected: files => named(files.flatMap(file => /^([^/]+)\/migration\.sql$/.exec(file.path)?.[1] ?? [])),
  },
  { table: '__drizzle_migrations', expected: drizzle },
  {
    table: 'pgmigrations',
    expected: files => named(files.flatMap(file => script(file.path)?.replace(/\.\w+$/, '') ?? [])),
  },
  { table: 'knex_migrations', expected: files => named(files.flatMap(file => script(file.path) ?? [])) },
]

/** Its ledger knows files by their hash alone. */
function drizzle(files: readonly MigrationFile[]): Expected[] {
  const journal = read(files.find(file => file.path === 'meta/_journal.json')?.content)
  const entries: unknown[] = Array.isArray(journal['entries']) ? journal['entries'] : []
  return entries.flatMap(entry => {
    const tag = read(JSON.stringify(entry))['tag']
    const content = files.find(file => file.path === `${String(tag)}.sql`)?.content
    if (content === undefined) return []
    return [{ name: String(tag), line: createHash('sha256').update(content).digest('hex') }]
  })
}

function named(names: readonly string[]): Expected[] {
  return names.map(name => ({ name, line: name }))
}

function script(path: string): string | undefined {
  return /^[^/.][^/]*\.(?:sql|[cm]?[jt]s)$/.test(path) && !path.endsWith('.d.ts') ? path : undefined
}

/** Undefined: there is no such ledger. */
function linesOf(catalog: Catalog, table: string): string[] | undefined {
  const there = Object.keys(catalog).some(
    key => key.startsWith('table ') && key.replaceAll('"', '').endsWith(`.${table}`),
  )
  if (!there) return undefined
  return Object.entries(catalog).flatMap(([key, value]) => {
    const found = /^ledger "(?:[^"]|"")*"\."((?:[^"]|"")*)" /.exec(key)
    return found?.[1] === table && value === '"applied"' ? [key.slice(found[0].length)] : []
  })
}
