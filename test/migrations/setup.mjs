import { fileURLToPath } from 'node:url'
import { installPackages, prepare, stopEngine } from '../../scripts/prepare.mjs'
import { startTestDatabase } from '../../scripts/test-database.mjs'

const home = path => fileURLToPath(new URL(path, import.meta.url))
const log = line => process.stderr.write(`${line}\n`)

/** The migrators' packages and a PostgreSQL server; MIGRATIONS_DATABASE_URL names one that is there (its superuser). */
export default async function setup({ provide }) {
  await installPackages(log, home('tools'))
  await installPackages(log, home('../../examples/baby-basics/apps/api'))
  const given = process.env.MIGRATIONS_DATABASE_URL
  if (given !== undefined) return provide('databaseUrl', given)
  const { startedEngine } = await prepare({ log })
  const { environment, stop } = await startTestDatabase(log)
  provide('databaseUrl', environment.DATABASE_URL)
  return async () => {
    await stop()
    if (startedEngine) await stopEngine()
  }
}
