import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { number, object } from 'zod'
import type { Dump } from '../release/ports.ts'
import { streamDocker } from '../support/docker-silence.ts'
import { SlipwayError } from '../support/errors.ts'
import type { StreamResult } from '../support/stream.ts'
import { tablesInPlainDump, type DumpFormat } from './dump-file.ts'
import { localConnection, messageOf, psqlArgv, queryRows } from './psql.ts'
import { execArgv, execute, target, type LiveDatabase } from './server.ts'

/** Brings all of a dump into an empty database: one transaction, which stops at the first error. */
export function loadWhole(empty: LiveDatabase, dump: Dump): Promise<void> {
  return loadFrom(empty, dump, () => ({ input: bytesOf(dump) }))
}

/**
 * As `loadWhole`, but not through Docker: to carry a dump takes the processor a third as long as to restore it. False: the
 * container can not read what lies in that folder, and nothing was done.
 */
export async function loadShared(empty: LiveDatabase, dump: Dump, shared: SharedFolder): Promise<boolean> {
  const name = `${randomBytes(6).toString('hex')}.dump`
  const outside = join(shared.outside, name)
  if (dump.linkTo?.(outside) !== true) return false
  try {
    const file = `${shared.inside}/${name}`
    // Not whether it may be read, but whether it can be.
    if ((await execute(empty.server, ['head', '-c', '1', file])).exitCode !== 0) return false
    await loadFrom(empty, dump, () => ({ file }))
    return true
  } finally {
    await rm(outside, { force: true })
  }
}

/** A folder of this machine, and what the server's container calls it. */
export interface SharedFolder {
  outside: string
  inside: string
}

/** What a program in the container reads: what flows to it, or a file that is there. */
type Source = { input: Readable; file?: never } | { file: string; input?: never }

async function loadFrom(empty: LiveDatabase, dump: Dump, source: () => Source): Promise<void> {
  const tables = dump.format === 'plain' ? tablesInPlainDump(bytesOf(dump)) : tablesInArchive(empty, source())
  tables.catch(() => undefined)
  await load(empty, dump.format, source())
  await proveLoaded(empty, await tables)
}

function bytesOf(dump: Dump): Readable {
  return Readable.from(dump.read(), { objectMode: false })
}

export async function load({ server, name }: LiveDatabase, format: DumpFormat, { input, file }: Source): Promise<void> {
  const { container, environment } = await target(server)
  const argv = restoreArgv(format, localConnection(server, name, 'slipway restore'), file)
  const result = await streamDocker(execArgv(container, argv, { environment: Object.keys(environment) }), {
    environment,
    ...(input === undefined ? {} : { input }),
    signal: AbortSignal.timeout(restoreTimeoutMs),
  })
  if (result.exitCode === 0 && result.failure === undefined) return
  throw new SlipwayError('RESTORE_FAILED', 'The dump did not restore whole', { why: whyFailed(result) })
}

/** Exit codes are no proof: the tables that the dump makes must be there. */
export async function proveLoaded(filled: LiveDatabase, expected: number): Promise<void> {
  const found = await countTables(filled)
  if (found === expected) return
  throw new SlipwayError('RESTORE_FAILED', 'The restored database is not what the dump holds', {
    why: `the dump has ${expected} tables, the database ${found}`,
  })
}

export async function countTables({ server, name }: LiveDatabase): Promise<number> {
  const [found] = await queryRows(server, name, tablesQuery, object({ tables: number() }))
  return found?.tables ?? 0
}

async function tablesInArchive(live: LiveDatabase, { input, file }: Source): Promise<number> {
  const { container } = await target(live.server)
  const argv = ['pg_restore', '--list', ...(file === undefined ? [] : ['--', file])]
  const listing = await streamDocker(execArgv(container, argv, { environment: [] }), {
    ...(input === undefined ? {} : { input }),
    keep: 'all',
  })
  return listing.stdout.split('\n').filter(line => /^\d+; \d+ \d+ TABLE (?!DATA )/.test(line)).length
}

/** The program that reads the dump, from its standard input if no file is named. */
function restoreArgv(format: DumpFormat, connection: string, file?: string): string[] {
  if (format === 'plain') return [...psqlArgv(connection, file), '--single-transaction', '-o', '/dev/null']
  // Owners and rights are kept: the roles are those of this very server.
  const whole = ['pg_restore', '--single-transaction', '--exit-on-error', '-w', '-d', connection]
  return file === undefined ? whole : [...whole, '--', file]
}

const tablesQuery = `
select count(*) as tables from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
  and not exists (select 1 from pg_catalog.pg_depend d
                  where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`

export function whyFailed(result: StreamResult): string {
  const said = messageOf(result.stderr)
  if (said !== '') return said
  if (result.failure instanceof Error) return result.failure.message
  return `the restore exited with code ${result.exitCode}`
}

/** For the largest of databases. */
export const restoreTimeoutMs = 6 * 3_600_000
