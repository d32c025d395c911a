import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { array, number, object, string, type infer as Infer } from 'zod'
import type { Dump } from '../release/ports.ts'
import { streamDocker } from '../support/docker-silence.ts'
import { SlipwayError } from '../support/errors.ts'
import { createFromScratchSql } from './create-database.ts'
import { queryLive, runBeside } from './databases.ts'
import { untilReady } from './copy-start.ts'
import type { SharedFolder } from './load-dump.ts'
import { ledgerTables } from './migrator-ledgers.ts'
import { asWrites, type Writes } from './changed-rows.ts'
import { copyPropertiesSql, readProperties, type DatabaseProperties } from './properties.ts'
import { localConnection, messageOf, psqlArgv } from './psql.ts'
import { settledSql, writableTablesQuery, writesSql, type WritableTable } from './rehearsal-writes.ts'
import { fillFromBackup, fillFromDatabase, fillFromDump } from './restore.ts'
import { execArgv, target, type DatabaseServer, type LiveDatabase } from './server.ts'
import { identifier } from './sql.ts'

/** Makes a throwaway server ready for the data: it answers, and has the roles and an empty database as the live one. */
export async function prepareCopy(live: LiveDatabase, copy: LiveDatabase): Promise<void> {
  const [properties, roles] = await Promise.all([readProperties(live), readRoles(live.server), untilReady(copy)])
  // Its owner is made beside it.
  const { owner, ...rest } = properties
  await Promise.all([makeRoles(copy.server, roles), emptyCopy(copy, rest)])
  await runBeside(copy, `alter database ${identifier(copy.name)} owner to ${identifier(owner)};`)
}

/** With nothing in it, whatever was. */
export async function emptyCopy(
  copy: LiveDatabase,
  properties: Omit<DatabaseProperties, 'owner'> & { owner?: string },
): Promise<void> {
  // The image makes one too, but with what is usual now, not with what was when the live one was made.
  const force = properties.version >= 130_000 ? ' with (force)' : ''
  const sql = [
    `drop database if exists ${identifier(copy.name)}${force};`,
    createFromScratchSql(copy.name, { ...properties, tablespace: 'pg_default' }),
  ]
  const attempted = 'The empty copy of the database could not be made'
  await runBeside(copy, sql.join('\n'), { timeoutMs: 300_000, attempted })
}

/** Brings the data over, and then the rights and settings of the live database: those are in no dump. */
export async function fillCopy(live: LiveDatabase, copy: LiveDatabase, from: CopySource): Promise<void> {
  const properties = readProperties(live)
  properties.catch(() => undefined)
  if (from === 'live') await fillFromDatabase(copy, live)
  else if ('dump' in from) await fillFromDump(copy, from.dump, from.shared)
  else await fillFromBackup(copy, 'file' in from ? from.file : await dumpSchema(live, from.schemaInto))
  await runBeside(copy, copyPropertiesSql(await properties, copy.name))
}

/** A backup, what becomes one, the schema of the live database by way of a file in this folder, or all that it holds now. */
export type CopySource = { file: string } | { dump: Dump; shared: SharedFolder } | { schemaInto: string } | 'live'

/** Roles belong to the server and are in no dump. Those the image made itself are there already: that is no mistake. */
async function readRoles(from: DatabaseServer): Promise<string> {
  const source = await target(from)
  const roles = await streamDocker(
    execArgv(source.container, ['pg_dumpall', '--roles-only', '-w', '-d', localConnection(from, 'template1')], {
      environment: Object.keys(source.environment),
    }),
    { environment: source.environment, keep: 'all' },
  )
  if (roles.exitCode !== 0) {
    throw new SlipwayError('REHEARSAL_FAILED', 'The roles of the database could not be read', {
      why: messageOf(roles.stderr),
      state: 'production was not touched',
    })
  }
  return roles.stdout
}

async function makeRoles(to: DatabaseServer, roles: string): Promise<void> {
  const destination = await target(to)
  const argv = psqlArgv(localConnection(to, 'template1')).map(word =>
    word === 'ON_ERROR_STOP=1' ? 'ON_ERROR_STOP=0' : word,
  )
  await streamDocker(execArgv(destination.container, argv, { environment: Object.keys(destination.environment) }), {
    environment: destination.environment,
    input: Readable.from([roles]),
  })
}

/** The schema without rows, but for those of the migrator's ledger: they say what is applied. Returns the file. */
async function dumpSchema(live: LiveDatabase, folder: string): Promise<string> {
  const tables = (await tableFiles(live)).filter(({ name }) => !ledgerTables.has(name))
  const file = join(folder, 'schema.dump')
  const { container, environment } = await target(live.server)
  const connection = localConnection(live.server, live.name, 'slipway rehearsal')
  const result = await streamDocker(
    execArgv(container, schemaDumpArgv(connection, tables), { environment: Object.keys(environment) }),
    {
      environment,
      output: createWriteStream(file, { mode: 0o600 }),
    },
  )
  if (result.exitCode === 0 && result.failure === undefined) return file
  throw new SlipwayError('REHEARSAL_FAILED', 'The schema could not be dumped', {
    why: messageOf(result.stderr),
    state: 'production was not touched',
  })
}

export function schemaDumpArgv(connection: string, withoutRows: readonly { schema: string; name: string }[]): string[] {
  const excluded = withoutRows.map(({ schema, name }) => `--exclude-table-data=${pattern(schema)}.${pattern(name)}`)
  return [
    'pg_dump',
    '--format=custom',
    '--no-password',
    '--lock-wait-timeout=60000',
    ...excluded,
    `--dbname=${connection}`,
  ]
}

/** In quotes nothing in a pattern means anything else than itself. */
function pattern(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** What was written since the server started; with the tables of a first count, what is comparable with that. */
export async function countRows(copy: LiveDatabase, then?: WritableTable[]): Promise<RowCount> {
  const attempted = 'The rows of the copy could not be counted'
  const tables = await queryLive(copy, writableTablesQuery, writableTable, { attempted })
  const [counters = '', ...sums] = writesSql(tables, then)
  const options = { attempted, timeoutMs: 600_000 }
  const rows = await queryLive(copy, counters, writeRow, { ...options, first: settledSql })
  for (const query of sums) rows.push(...(await queryLive(copy, query, writeRow, options)))
  return { tables, writes: asWrites(rows) }
}

export interface RowCount {
  tables: WritableTable[]
  writes: Writes
}

const writableTable = object({ table: string(), columns: array(string()), bytes: number() })
const writeRow = object({ kind: string(), name: string(), value: string() })

/** Which file each table lies in, and how big it is: a table with another file was written anew. */
export async function tableFiles(live: LiveDatabase): Promise<TableFile[]> {
  return queryLive(live, tableFilesQuery, tableFile, { attempted: 'The tables could not be listed' })
}

/** Pure: what was written anew. */
export function rewritten(before: readonly TableFile[], after: readonly TableFile[]): TableFile[] {
  const files = new Map(after.map(table => [table.oid, table.file]))
  return before.filter(table => files.has(table.oid) && files.get(table.oid) !== table.file)
}

const tableFile = object({
  oid: number(),
  schema: string(),
  name: string(),
  table: string(),
  file: number(),
  bytes: number(),
})
export type TableFile = Infer<typeof tableFile>

const tableFilesQuery = `
select c.oid::int8 as oid, n.nspname as schema, c.relname as name, n.nspname || '.' || c.relname as table,
       pg_catalog.pg_relation_filenode(c.oid)::int8 as file,
       pg_catalog.pg_total_relation_size(c.oid) as bytes
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`
