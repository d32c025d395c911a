import { randomBytes } from 'node:crypto'
import { PassThrough } from 'node:stream'
import type { Dump } from '../release/ports.ts'
import { streamDocker } from '../support/docker-silence.ts'
import { SlipwayError, asSlipwayError } from '../support/errors.ts'
import { readLargeFile } from '../support/files.ts'
import { createFromScratchSql } from './create-database.ts'
import { listDatabases, runBeside } from './databases.ts'
import { dumpFormat, hasTrailer, notedSha256, sha256OfFile, type DumpFormat } from './dump-file.ts'
import { dropLeftBehind } from './left-behind.ts'
import {
  countTables,
  load,
  loadShared,
  loadWhole,
  proveLoaded,
  restoreTimeoutMs,
  whyFailed,
  type SharedFolder,
} from './load-dump.ts'
import { markerText } from './marker.ts'
import { freeName } from './names.ts'
import { readProperties } from './properties.ts'
import { localConnection, runSql } from './psql.ts'
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
export async function fillFromDump(empty: LiveDatabase, dump: Dump, shared?: SharedFolder): Promise<void> {
  try {
    if (shared === undefined || !(await loadShared(empty, dump, shared))) await loadWhole(empty, dump)
  } catch (error) {
    throw restoreError('What was just dumped', error, undefined)
  }
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
    load(empty, 'custom', { input: through }).then(
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

/** Without it PostgreSQL chooses its plans blindly. */
export async function analyse({ server, name }: LiveDatabase): Promise<void> {
  await runSql(server, name, 'analyze;', { timeoutMs: restoreTimeoutMs })
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
