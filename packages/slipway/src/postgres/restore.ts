import { randomBytes } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { number, object } from 'zod'
import type { Dump } from '../release/ports.ts'
import { streamDocker } from '../support/docker-silence.ts'
import { SlipwayError, asSlipwayError } from '../support/errors.ts'
import { readLargeFile } from '../support/files.ts'
import type { StreamResult } from '../support/stream.ts'
import { createFromScratchSql } from './create-database.ts'
import { listDatabases, runBeside } from './databases.ts'
import { dumpFormat, hasTrailer, notedSha256, sha256OfFile, tablesInPlainDump, type DumpFormat } from './dump-file.ts'
import { dropLeftBehind } from './left-behind.ts'
import { markerText } from './marker.ts'
import { freeName } from './names.ts'
import { readProperties } from './properties.ts'
import { localConnection, messageOf, psqlArgv, queryRows, runSql } from './psql.ts'
import { execArgv, target, type LiveDatabase } from './server.ts'
import { endProgram } from './sessions.ts'
import { finishSql } from './snapshot.ts'

/**
 * Restores a backup into a new database and returns its name: one transaction that stops at the first error.
 * The live database is only looked at. What does not restore whole is dropped again.
 */
export async function restoreBackup(live: LiveDatabase, file: string, label: string): Promise<string> {
  const format = await proveFile(file)
  const properties = await readProperties(live)
  const taken = new Set((await listDatabases(live)).map(row => row.name))
  const name = freeName(live.name, 'restored', label, taken)
  const comment = markerText({ kind: 'restored', of: live.name, label, at: live.now().toISOString() })
  try {
    await runBeside(live, createFromScratchSql(name, properties), { timeoutMs: 300_000 })
    await loadWhole({ ...live, name }, dumpIn(file, format))
    await analyse({ ...live, name })
    await runBeside(live, finishSql(name, properties, comment))
    return name
  } catch (error) {
    const dropped = await dropLeftBehind(live, name).then(
      () => true,
      () => false,
    )
    throw restoreError(`The backup ${file}`, error, dropped ? undefined : name)
  }
}

/** Restores a backup into an empty database of its own, in the same way. How its tables are filled nobody knows there yet. */
export async function fillFromBackup(empty: LiveDatabase, file: string): Promise<void> {
  const format = await proveFile(file)
  await loadWhole(empty, dumpIn(file, format)).catch((error: unknown) => {
    throw restoreError(`The backup ${file}`, error, undefined)
  })
}

/** As `fillFromBackup`, of a file that becomes one: whether it is whole is proved meanwhile, by whoever makes it. */
export async function fillFromDump(empty: LiveDatabase, dump: Dump): Promise<void> {
  await loadWhole(empty, dump).catch((error: unknown) => {
    throw restoreError('What was just dumped', error, undefined)
  })
}

/** Fills it with what another database holds at this moment, without a file between. */
export async function fillFromDatabase(empty: LiveDatabase, source: LiveDatabase): Promise<void> {
  const { container, environment } = await target(source.server)
  const application = `slipway rehearsal ${randomBytes(6).toString('hex')}`
  const dump = dumpThroughArgv(localConnection(source.server, source.name, application))
  const through = new PassThrough()
  const [dumped, failure] = await Promise.all([
    streamDocker(execArgv(container, dump, { environment: Object.keys(environment) }), {
      environment,
      output: through,
    }),
    load(empty, 'custom', through).then(
      () => undefined,
      (error: unknown) => error,
    ),
  ])
  if (failure !== undefined) await endProgram(source.server, application)
  const dumpFailed = dumped.exitCode !== 0 && dumped.failure === undefined
  const why = dumpFailed
    ? new SlipwayError('RESTORE_FAILED', 'pg_dump did not get to its end', { why: whyFailed(dumped) })
    : failure
  if (why !== undefined) throw restoreError(`A copy of the database ${source.name}`, why, undefined)
  await proveLoaded(empty, await countTables(source))
}

/** Nobody keeps it: packing it would only take time. */
export function dumpThroughArgv(connection: string): string[] {
  const shape = ['--format=custom', '--compress=0']
  return ['pg_dump', ...shape, '--no-password', '--lock-wait-timeout=60000', `--dbname=${connection}`]
}

/** The program that reads the dump from its standard input. */
export function restoreArgv(format: DumpFormat, connection: string): string[] {
  if (format === 'plain') return [...psqlArgv(connection), '--single-transaction', '-o', '/dev/null']
  // Owners and rights are kept: the roles are those of this very server.
  return ['pg_restore', '--single-transaction', '--exit-on-error', '-w', '-d', connection]
}

/** A file that is not what was once verified must not even be tried. */
async function proveFile(file: string): Promise<DumpFormat> {
  const refuse = (why: string, cause?: unknown): SlipwayError =>
    new SlipwayError('RESTORE_FAILED', `The backup ${file} can not be restored`, {
      why,
      state: 'no database was changed',
      next: 'Choose another backup.',
      cause,
    })
  try {
    const noted = await notedSha256(file)
    const format = await dumpFormat(file)
    if (format === undefined) throw refuse('it is not a dump made by pg_dump')
    if (format === 'plain' && !(await hasTrailer(file))) throw refuse('it is cut off: the end of the dump is missing')
    if (noted !== undefined && (await sha256OfFile(file)) !== noted) {
      throw refuse('it is damaged: its SHA-256 is not the one noted when it was made')
    }
    return format
  } catch (error) {
    if (error instanceof SlipwayError) throw error
    throw refuse(error instanceof Error ? error.message : String(error), error)
  }
}

function dumpIn(file: string, format: DumpFormat): Dump {
  return { format, read: () => readLargeFile(file) }
}

async function loadWhole(empty: LiveDatabase, dump: Dump): Promise<void> {
  const read = (): Readable => Readable.from(dump.read(), { objectMode: false })
  const tables = dump.format === 'plain' ? tablesInPlainDump(read()) : tablesInArchive(empty, read())
  tables.catch(() => undefined)
  await load(empty, dump.format, read())
  await proveLoaded(empty, await tables)
}

async function load({ server, name }: LiveDatabase, format: DumpFormat, input: Readable): Promise<void> {
  const { container, environment } = await target(server)
  const argv = restoreArgv(format, localConnection(server, name, 'slipway restore'))
  const result = await streamDocker(execArgv(container, argv, { environment: Object.keys(environment) }), {
    environment,
    input,
    signal: AbortSignal.timeout(restoreTimeoutMs),
  })
  if (result.exitCode === 0 && result.failure === undefined) return
  throw new SlipwayError('RESTORE_FAILED', 'The dump did not restore whole', { why: whyFailed(result) })
}

/** Without it PostgreSQL chooses its plans blindly. */
export async function analyse({ server, name }: LiveDatabase): Promise<void> {
  await runSql(server, name, 'analyze;', { timeoutMs: restoreTimeoutMs })
}

/** Exit codes are no proof: the tables that the dump makes must be there. */
async function proveLoaded(filled: LiveDatabase, expected: number): Promise<void> {
  const found = await countTables(filled)
  if (found === expected) return
  throw new SlipwayError('RESTORE_FAILED', 'The restored database is not what the dump holds', {
    why: `the dump has ${expected} tables, the database ${found}`,
  })
}

async function countTables({ server, name }: LiveDatabase): Promise<number> {
  const [found] = await queryRows(server, name, tablesQuery, object({ tables: number() }))
  return found?.tables ?? 0
}

async function tablesInArchive(live: LiveDatabase, archive: Readable): Promise<number> {
  const { container } = await target(live.server)
  const listing = await streamDocker(execArgv(container, ['pg_restore', '--list'], { environment: [] }), {
    input: archive,
    keep: 'all',
  })
  return listing.stdout.split('\n').filter(line => /^\d+; \d+ \d+ TABLE (?!DATA )/.test(line)).length
}

const tablesQuery = `
select count(*) as tables from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
  and not exists (select 1 from pg_catalog.pg_depend d
                  where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`

function whyFailed(result: StreamResult): string {
  const said = messageOf(result.stderr)
  if (said !== '') return said
  if (result.failure instanceof Error) return result.failure.message
  return `the restore exited with code ${result.exitCode}`
}

function restoreError(what: string, error: unknown, remains: string | undefined): SlipwayError {
  const known = asSlipwayError(error, 'The restore broke off', 'RESTORE_FAILED')
  return new SlipwayError('RESTORE_FAILED', `${what} could not be restored`, {
    why: [known.message, known.why].filter(Boolean).join(': '),
    state: `the live database is as it was${remains === undefined ? '' : `; the half-made database ${remains} is still there`}`,
    next: known.next,
    cause: error,
  })
}

const restoreTimeoutMs = 6 * 3_600_000
