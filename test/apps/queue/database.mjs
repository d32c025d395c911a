import pg from 'pg'

export const version = process.env.VERSION
export const schema = Number(process.env.SCHEMA)
/** Odd schemas rename the column of a job's text, which no code of another one survives; even ones only add. */
export const column = `text_${schema % 2 === 0 ? schema - 1 : schema}`
export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8, connectionTimeoutMillis: 30_000 })

// A connection may be ended from outside while it is idle: the pool replaces it, the process must not die of it.
pool.on('error', error => console.error(`idle connection: ${error.message}`))

/** The schema that is there, whatever this code was made for. */
export async function schemaOf(client) {
  const { rows } = await client.query(
    "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'jobs' AND column_name ~ '_[0-9]+$'",
  )
  return Math.max(...rows.map(({ name }) => Number(name.split('_')[1])))
}
