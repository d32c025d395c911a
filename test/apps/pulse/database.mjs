import pg from 'pg'

export const version = process.env.VERSION
/** Only the schema of this very version has it. */
export const column = `body_v${Number(version)}`
export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8, connectionTimeoutMillis: 30_000 })

// A connection may be ended from outside while it is idle: the pool replaces it, the process must not die of it.
pool.on('error', error => console.error(`idle connection: ${error.message}`))
