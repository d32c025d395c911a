// `knex migrate:latest`, by the function behind it.
import knex from 'knex'

const database = knex({ client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 0, max: 1 } })
try {
  const [batch, names] = await database.migrate.latest({ directory: process.argv[2] })
  console.log(names.length === 0 ? 'Already up to date' : `Batch ${batch} run: ${names.length} migrations`)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  await database.destroy()
}
