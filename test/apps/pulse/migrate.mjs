// Renames the one column to this version's: code of any other version breaks at once, in both directions.
import pg from 'pg'

const wanted = `body_v${Number(process.env.VERSION)}`
const client = new pg.Client({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 10_000 })
await client.connect()
await client.query('BEGIN')
await client.query('CREATE TABLE IF NOT EXISTS notes (id text PRIMARY KEY, body_v0 text)')
const { rows } = await client.query(
  "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'notes' AND column_name LIKE 'body_v%'",
)
if (rows[0].name !== wanted) await client.query(`ALTER TABLE notes RENAME COLUMN ${rows[0].name} TO ${wanted}`)
await client.query('COMMIT')
await client.end()
