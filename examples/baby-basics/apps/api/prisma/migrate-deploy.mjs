// What `prisma migrate deploy` does, where its native engine cannot be downloaded: Prisma's own schema engine, in the
// build that npm carries, applies the pending folders and keeps Prisma's own ledger, `_prisma_migrations`.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, DriverAdapterError } from '@prisma/driver-adapter-utils'
import pg from 'pg'

const here = dirname(fileURLToPath(import.meta.url))
const folder = join(here, 'migrations')

try {
  await main(process.env.DATABASE_URL)
  // Not a natural end, which would wait 10 s for a timer that the engine's lock leaves behind.
  process.exit(0)
} catch (error) {
  console.error(`Migration failed. ${error.code ? `${error.code}: ` : ''}${error.message.trim()}`)
  process.exit(1)
}

async function main(url) {
  if (!url) throw new Error('DATABASE_URL is not set.')
  const migrations = readMigrations()
  console.log(`${migrations.length} migrations found in prisma/migrations`)
  await apply(migrations, adapterFactory(url))
  await verify(migrations, url)
}

function readMigrations() {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => ({ name, sql: readFileSync(join(folder, name, 'migration.sql'), 'utf8') }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

function connection(url) {
  const schema = new URL(url).searchParams.get('schema')
  const options = schema ? `-c search_path=${schema}` : undefined
  return { connectionString: url, connectionTimeoutMillis: 10_000, options }
}

function adapterFactory(url) {
  // One connection: the engine's advisory lock and a script's own BEGIN and COMMIT belong to a session.
  const pool = new pg.Pool({ ...connection(url), max: 1 })
  const factory = new PrismaPg(pool, { schema: new URL(url).searchParams.get('schema') ?? 'public' })
  const connect = factory.connect.bind(factory)
  factory.connect = async () => Object.assign(await connect(), { executeScript: sql => runWhole(pool, sql) })
  // The adapter would open its shadow database with the URL of the real one.
  factory.connectToShadowDb = () => Promise.reject(new Error('Applying migrations needs no shadow database.'))
  return bindMigrationAwareSqlAdapterFactory(factory)
}

// The adapter splits a script at every semicolon. Sent whole it is atomic, unless it manages its own transactions.
async function runWhole(pool, sql) {
  try {
    await pool.query(sql)
  } catch (error) {
    // A script that failed after its own BEGIN leaves the session refusing the engine's note about the failure.
    await pool.query('ROLLBACK').catch(() => {})
    const { code, severity, message, detail, column, hint } = error
    console.error(`PostgreSQL: ${message}`)
    throw severity ? new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint }) : error
  }
}

async function apply(migrations, adapter) {
  const engine = await startEngine(adapter)
  try {
    const { appliedMigrationNames: applied } = await engine.applyMigrations({
      migrationsList: {
        baseDir: folder,
        lockfile: { path: 'migration_lock.toml', content: readFileSync(join(folder, 'migration_lock.toml'), 'utf8') },
        shadowDbInitScript: '',
        migrationDirectories: migrations.map(({ name, sql }) => ({
          path: name,
          migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
        })),
      },
      filters: { externalTables: [], externalEnums: [] },
    })
    for (const name of applied) console.log(`Applied ${name}`)
    if (applied.length === 0) console.log('No pending migrations to apply.')
  } finally {
    engine.free()
  }
}

async function startEngine(adapter) {
  const glue = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bindings = await import(glue)
  const module = new WebAssembly.Module(readFileSync(glue.replace(/\.js$/, '.wasm')))
  const instance = new WebAssembly.Instance(module, { './schema_engine_bg.js': bindings })
  bindings.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  const schema = readFileSync(join(here, 'schema.prisma'), 'utf8')
  return bindings.SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => {}, adapter)
}

// On a connection of its own, which sees only what was committed: an engine's good word is not taken for it.
async function verify(migrations, url) {
  const client = new pg.Client(connection(url))
  await client.connect()
  const { rows } = await client
    .query(
      'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    )
    .finally(() => client.end())
  const ledger = new Map(rows.map(row => [row.migration_name, row.checksum]))
  const missing = migrations.filter(({ name }) => !ledger.has(name))
  if (missing.length > 0) throw new Error(`Not applied: ${missing.map(({ name }) => name).join(', ')}`)
  for (const { name, sql } of migrations) {
    const checksum = createHash('sha256').update(sql).digest('hex')
    if (ledger.get(name) !== checksum) console.warn(`Warning: ${name} was edited after it was applied.`)
  }
  console.log('The ledger says that all migrations are applied.')
}
