// Applies what is new in migrations/, each file in a transaction of its own together with its line in the ledger.
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'

const folder = new URL('migrations/', import.meta.url)
const client = new pg.Client({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 10_000 })

try {
  await client.connect()
  await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`)
  const { rows } = await client.query('SELECT name FROM schema_migrations')
  const applied = new Set(rows.map(({ name }) => name))
  const names = readdirSync(folder)
    .filter(name => name.endsWith('.sql'))
    .sort()
  for (const name of names.filter(each => !applied.has(each))) await apply(name)
  console.log('all migrations are applied')
} catch (error) {
  console.error(`migration failed: ${error.message}`)
  process.exitCode = 1
} finally {
  await client.end().catch(() => {})
}

async function apply(name) {
  console.log(`applying ${name}`)
  await client.query('BEGIN')
  try {
    await client.query(readFileSync(new URL(name, folder), 'utf8'))
    await client.query('INSERT INTO schema_migrations (name) VALUES ($1)', [name])
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw new Error(`${name}: ${error.message}`)
  }
}
