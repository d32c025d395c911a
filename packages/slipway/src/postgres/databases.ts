import { boolean, nullable, number, object, string, type infer as Infer, type ZodType } from 'zod'
import { queryRows, runSql, trySql, type SqlOptions, type SqlResult } from './psql.ts'
import type { LiveDatabase } from './server.ts'
import { identifier } from './sql.ts'

/** The databases of the server, as the catalog has them now. Decisions are made from this, never from memory. */
export async function listDatabases(live: LiveDatabase): Promise<DatabaseRow[]> {
  return queryBeside(live, listQuery, databaseRow, {
    attempted: 'The databases of the server could not be listed',
  })
}

/** Runs SQL on a database that is not the live one: nobody can be renamed or copied while he is connected. */
export async function runBeside(live: LiveDatabase, sql: string, options: SqlOptions = {}): Promise<string> {
  const beside = await maintenanceDatabase(live)
  return runSql(live.server, beside, sql, { ...options, waitsAt: beside })
}

/** As `runBeside`, but a failing statement is a value. */
export async function tryBeside(live: LiveDatabase, sql: string, options: SqlOptions = {}): Promise<SqlResult> {
  const beside = await maintenanceDatabase(live)
  return trySql(live.server, beside, sql, { ...options, waitsAt: beside })
}

/** Asks a database that is not the live one. */
export async function queryBeside<T>(
  live: LiveDatabase,
  query: string,
  row: ZodType<T>,
  options: SqlOptions = {},
): Promise<T[]> {
  const beside = await maintenanceDatabase(live)
  return queryRows(live.server, beside, query, row, { ...options, waitsAt: beside })
}

/** Asks the live database; nobody is connected to it any more when the answer is there. */
export async function queryLive<T>(
  live: LiveDatabase,
  query: string,
  row: ZodType<T>,
  options: SqlOptions = {},
): Promise<T[]> {
  return queryRows(live.server, live.name, query, row, { ...options, waitsAt: await maintenanceDatabase(live) })
}

/** Lets connections into the live database. */
export async function openLive(live: LiveDatabase): Promise<void> {
  const shut = (await listDatabases(live)).some(row => row.name === live.name && !row.allowsConnections)
  if (!shut) return
  await runBeside(live, `alter database ${identifier(live.name)} allow_connections true;`, {
    attempted: `The database ${live.name} could not be opened again`,
  })
}

/** For who has just had an answer there: nobody needs to try it any more. */
export function rememberPostgres(live: LiveDatabase): void {
  havePostgres.add(live)
}

/** A database that is always there and is not the live one. Remembered once it has answered. */
export async function maintenanceDatabase(live: LiveDatabase): Promise<string> {
  if (live.name === 'postgres') return 'template1'
  if (havePostgres.has(live)) return 'postgres'
  const answer = await trySql(live.server, 'postgres', 'select 1;', { timeoutMs: 10_000, waitsAt: 'postgres' })
  if (answer.exitCode !== 0) return 'template1'
  havePostgres.add(live)
  return 'postgres'
}

const havePostgres = new WeakSet<LiveDatabase>()

const databaseRow = object({
  oid: number(),
  name: string(),
  allowsConnections: boolean(),
  comment: nullable(string()),
})
export type DatabaseRow = Infer<typeof databaseRow>

const listQuery = `
select d.oid::int8 as oid,
       d.datname as name,
       d.datallowconn as "allowsConnections",
       pg_catalog.shobj_description(d.oid, 'pg_database') as comment
from pg_catalog.pg_database d
order by d.oid`
