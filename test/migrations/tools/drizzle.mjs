// What an app that uses Drizzle runs on its deployment: the migrator that comes with drizzle-orm.
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1 })
try {
  await migrate(drizzle(pool), { migrationsFolder: process.argv[2] })
  console.log('migrations applied successfully!')
} catch (error) {
  console.error(error.cause?.message ?? error.message)
  process.exitCode = 1
} finally {
  await pool.end()
}
