import { array, type ZodType } from 'zod'
import { SlipwayError } from '../support/errors.ts'
import type { RunResult } from '../support/run.ts'
import { lastLines } from '../support/run.ts'
import { runInKeptPsql } from './kept-psql.ts'
import { execute, isEngineFault, type DatabaseServer } from './server.ts'
import { connectionString } from './sql.ts'

/** Runs SQL by psql over the container's own socket, stopping at the first error. Returns what it printed. */
export async function runSql(
  server: DatabaseServer,
  database: string,
  sql: string,
  options: SqlOptions = {},
): Promise<string> {
  const result = await trySql(server, database, sql, options)
  if (result.exitCode === 0) return result.stdout
  throw sqlError(result, options.attempted ?? 'A statement on the database failed')
}

/** Runs one query and returns its rows, each proved to have the expected form. Any text survives: rows travel as JSON. */
export async function queryRows<T>(
  server: DatabaseServer,
  database: string,
  query: string,
  row: ZodType<T>,
  options: SqlOptions = {},
): Promise<T[]> {
  const first = options.first === undefined ? '' : `\\o /dev/null\n${options.first}\n\\o\n`
  const text = await runSql(server, database, `${first}${asJson(query)}`, options)
  return array(row).parse(JSON.parse(text))
}

export interface SqlOptions {
  /** What an error says was attempted. */
  attempted?: string
  /** SQL to run before a query in the same go, its results dropped: inside a hold every start of a program counts. */
  first?: string
  timeoutMs?: number
  /** psql stays for the next statement and waits at this database. Each statement still has a session of its own. */
  waitsAt?: string
}

/** As `runSql`, but a failing statement is a value. */
export async function trySql(
  server: DatabaseServer,
  database: string,
  sql: string,
  options: SqlOptions = {},
): Promise<SqlResult> {
  const timeoutMs = options.timeoutMs ?? 60_000
  // The server ends the statement first: killing `docker exec` would leave psql at work inside the container.
  const order = { input: `${preamble(timeoutMs)}\n${sql}\n`, timeoutMs: timeoutMs + 5000 }
  const connection = localConnection(server, database)
  const result =
    options.waitsAt === undefined
      ? await execute(server, psqlArgv(connection), order)
      : await runInKeptPsql(server, {
          ...order,
          connection,
          argv: psqlArgv,
          waitsAt: localConnection(server, options.waitsAt),
        })
  return { ...result, sqlState: sqlStateOf(result.stderr) }
}

export type SqlResult = RunResult & { sqlState: string | undefined }

export function psqlArgv(connection: string, file = '-'): string[] {
  return [
    'psql',
    '-X',
    '-q',
    '-A',
    '-t',
    '-w',
    '-v',
    'ON_ERROR_STOP=1',
    '-v',
    'VERBOSITY=verbose',
    '-d',
    connection,
    '-f',
    file,
  ]
}

/** Always the Unix socket, whatever PGHOST says inside the container: the fence lets only that through. */
export function localConnection(server: DatabaseServer, database: string, application = 'slipway'): string {
  return connectionString({
    host: '',
    user: server.user,
    dbname: database,
    application_name: application,
    client_encoding: 'UTF8',
  })
}

export function sqlError(result: SqlResult, attempted: string): SlipwayError {
  const unreachable = isEngineFault(result) || (result.exitCode === 2 && result.sqlState === undefined)
  const said = messageOf(result.stderr)
  return new SlipwayError(unreachable ? 'DATABASE_UNREACHABLE' : 'DATABASE_FAILED', attempted, {
    why: result.timedOut
      ? 'the database did not answer in time'
      : said === ''
        ? `psql exited with code ${result.exitCode}`
        : said,
  })
}

/** What PostgreSQL and its programs say, without excerpts of statements: those may hold values nobody should read. */
export function messageOf(stderr: string): string {
  const lines = lastLines(stderr, 100)
  const errors = lines.filter(
    line => errorLine.test(line) || /^(?:psql|pg_dump|pg_restore): (?:error|fatal): /.test(line),
  )
  const told = errors.length > 0 ? errors : lines.filter(line => !excerpt.test(line)).slice(-2)
  return told
    .slice(0, 2)
    .map(line => line.replace(/^[a-z_]+: (?:error|fatal): /, '').replace(/^psql:[^:]*:\d+: /, ''))
    .map(line => line.replace(errorLine, ': ').replace(/^(?:ERROR|FATAL): +/, ''))
    .join('; ')
}

const excerpt = /^\s|^LINE \d+: |^(STATEMENT|LOCATION|QUERY|CONTEXT|DETAIL): |^Command was:/

function sqlStateOf(stderr: string): string | undefined {
  return errorLine.exec(stderr)?.[1]
}

/** Verbose errors carry the code that no translation changes: `ERROR:  55006: source database …`. `ERROR` itself is none. */
const errorLine = /:\s+(?=[A-Z]*[0-9])([0-9A-Z]{5}): /

/** A database's own settings must not steer, cut off or hide what Slipway does. */
function preamble(timeoutMs: number): string {
  return [
    `set statement_timeout = ${timeoutMs};`,
    'set lock_timeout = 0;',
    'set idle_in_transaction_session_timeout = 0;',
    'set default_transaction_read_only = off;',
    'set client_min_messages = warning;',
    'set standard_conforming_strings = on;',
    "set search_path = '';",
    'set role none;',
  ].join('\n')
}

function asJson(query: string): string {
  return `select coalesce(json_agg(to_json(answer)), '[]') from (\n${query}\n) as answer;`
}
