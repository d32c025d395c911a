// Brings the schema to this version's, step by step, in one transaction.
import pg from 'pg'
import { schema, schemaOf } from './database.mjs'

const client = new pg.Client({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 10_000 })
await client.connect()
await client.query('BEGIN')
await client.query(
  'CREATE TABLE IF NOT EXISTS jobs (id text PRIMARY KEY, seq bigserial, text_1 text, attempts int NOT NULL DEFAULT 0, done_at timestamptz)',
)
await client.query(
  'CREATE TABLE IF NOT EXISTS executions (job text NOT NULL, version text NOT NULL, code int NOT NULL, seen int NOT NULL)',
)
await client.query('CREATE TABLE IF NOT EXISTS notes (text text NOT NULL)')
for (let next = (await schemaOf(client)) + 1; next <= schema; next++) {
  await client.query(
    next % 2 === 0
      ? `ALTER TABLE jobs ADD COLUMN extra_${next} text`
      : `ALTER TABLE jobs RENAME COLUMN text_${next - 2} TO text_${next}`,
  )
}
await client.query('COMMIT')
await client.end()
