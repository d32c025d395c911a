import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const home = fileURLToPath(new URL('../../', import.meta.url))

/** A database of the test's own on the server of DATABASE_URL, dropped when the test ends. */
export async function ownDatabase(test) {
  if (!process.env.DATABASE_URL)
    throw new Error('Set DATABASE_URL to a PostgreSQL server on which tests may create databases.')
  const url = new URL(process.env.DATABASE_URL)
  url.pathname = `/test_${randomUUID().replaceAll('-', '')}`
  await query(process.env.DATABASE_URL, `CREATE DATABASE ${url.pathname.slice(1)}`)
  test.after(() => query(process.env.DATABASE_URL, `DROP DATABASE ${url.pathname.slice(1)} WITH (FORCE)`))
  return url.href
}

export async function query(url, text) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
    .query(text)
    .finally(() => client.end())
    .then(({ rows }) => rows)
}

/** Runs the migrations of the app and, after them, those given as { name: sql }. */
export function migrate(test, url, more = {}) {
  const folder = mkdtempSync(join(home, 'test', '.scratch-'))
  test.after(() => rmSync(folder, { recursive: true }))
  cpSync(join(home, 'prisma'), join(folder, 'prisma'), { recursive: true })
  symlinkSync(join(home, 'node_modules'), join(folder, 'node_modules'))
  for (const [name, sql] of Object.entries(more)) {
    mkdirSync(join(folder, 'prisma/migrations', name))
    writeFileSync(join(folder, 'prisma/migrations', name, 'migration.sql'), sql)
  }
  const script = join(folder, 'prisma/migrate-deploy.mjs')
  return new Promise(resolve =>
    execFile(process.execPath, [script], { env: { ...process.env, DATABASE_URL: url } }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, output: stdout + stderr }),
    ),
  )
}
