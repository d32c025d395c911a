import { array, nullable, number, object, string, type infer as Infer } from 'zod'
import { SlipwayError } from '../support/errors.ts'
import { lastLines } from '../support/run.ts'
import { queryBeside, runBeside } from './databases.ts'
import { execute, type ExecOptions, type LiveDatabase } from './server.ts'
import { literal } from './sql.ts'

/** pg_hba.conf as it is inside the container, what PostgreSQL makes of it, and when it last read it. */
export type HbaState = Infer<typeof hbaStateRow>

/** Asked in a session that begins now: that one has the time of the newest reload. */
export async function hbaState(live: LiveDatabase): Promise<HbaState> {
  const [state] = await queryBeside(live, stateQuery, hbaStateRow, {
    attempted: 'The access rules of the database could not be read',
  })
  if (state === undefined) throw new SlipwayError('BUG', 'A query of one row returned none')
  return state
}

export function hbaContent(state: HbaState): Buffer {
  return Buffer.from(state.content, 'base64')
}

/**
 * Writes a second file beside the first and proves it as PostgreSQL itself reads it. Safe to repeat, and quick when it
 * is already there: it can be written long before it is needed.
 */
export async function writeNextHba(live: LiveDatabase, { path }: HbaState, content: Buffer): Promise<void> {
  const next = nextTo(path)
  // What an earlier process left there may have the right content, but who knows which rights.
  if (wrote.has(live) && (await readsBack(live, next, content))) return
  const user = await ownerOf(live, path)
  // The copy is as the first file is, in its rights too; then it gets its content.
  await inside(live, ['cp', '-p', path, next], 'be written', { user })
  await inside(live, ['dd', `of=${next}`, 'conv=fsync'], 'be written', { user, input: content })
  if (!(await readsBack(live, next, content))) {
    throw hbaError(path, 'be written', 'what was written does not read back the same')
  }
  wrote.add(live)
}

/** Renames the proved second file over the first: a half-written pg_hba.conf can not be. */
export async function replaceHba(live: LiveDatabase, state: HbaState, content: Buffer): Promise<void> {
  await writeNextHba(live, state, content)
  await rename(live, nextTo(state.path), state.path)
}

/** Keeps the file as it is now under a second name, also when another takes its place. Not every file system can. */
export async function keepHba(live: LiveDatabase, { path }: HbaState): Promise<void> {
  const user = await ownerOf(live, path)
  await execute(live.server, ['ln', '-f', path, keptBeside(path)], { user, timeoutMs: 30_000 })
}

/** As `replaceHba`; quicker when the very file that had this content was kept. */
export async function bringBackHba(live: LiveDatabase, state: HbaState, content: Buffer): Promise<void> {
  const kept = keptBeside(state.path)
  if (await readsBack(live, kept, content)) await rename(live, kept, state.path)
  else await replaceHba(live, state, content)
}

async function rename(live: LiveDatabase, from: string, path: string): Promise<void> {
  await inside(live, ['mv', '-f', from, path], 'be replaced', { user: await ownerOf(live, path) })
}

/** The owner can always read and write it, whatever root may do in that container. Asked for once. */
async function ownerOf(live: LiveDatabase, path: string): Promise<string> {
  const known = owners.get(live)
  if (known !== undefined) return known
  const owner = (await inside(live, ['stat', '-L', '-c', '%u:%g', path], 'be read')).trim()
  owners.set(live, owner)
  return owner
}

const owners = new WeakMap<LiveDatabase, string>()
const wrote = new WeakSet<LiveDatabase>()

function nextTo(path: string): string {
  return `${path}.slipway`
}

function keptBeside(path: string): string {
  return `${path}.slipway-kept`
}

/** No more is read than must be there, and one byte. */
async function readsBack(live: LiveDatabase, path: string, content: Buffer): Promise<boolean> {
  const query = `select pg_catalog.encode(
  pg_catalog.pg_read_binary_file(${literal(path)}, 0, ${content.length + 1}, true), 'base64') as content`
  const [row] = await queryBeside(live, query, object({ content: nullable(string()) }), {
    attempted: 'The access rules of the database could not be read back',
  })
  return row?.content != null && Buffer.from(row.content, 'base64').equals(content)
}

/**
 * Asks the server to read its rules again; returns the moment before, by the clock that `loadedAt` comes from: what is
 * loaded later has read the file as it is now.
 */
export async function askToReload(live: LiveDatabase): Promise<number> {
  const attempted = 'PostgreSQL could not be told to read its rules again'
  const sql = `select ${microseconds('pg_catalog.clock_timestamp()')};\nselect pg_catalog.pg_reload_conf();`
  const [at, asked] = (await runBeside(live, sql, { attempted })).split('\n')
  if (asked !== 't') throw new SlipwayError('HOLD_FAILED', attempted, { why: 'it could not be signalled' })
  return Number(at)
}

function microseconds(time: string): string {
  return `(extract(epoch from ${time}) * 1000000)::pg_catalog.int8`
}

const hbaStateRow = object({
  path: string(),
  version: number(),
  /** In microseconds by the server's own clock. */
  loadedAt: number(),
  content: string(),
  errors: array(object({ line: nullable(number()), error: string() })),
  /** The databases of the rules that reject, in the file as it is now. */
  rejected: array(string()),
})

const stateQuery = `
select pg_catalog.current_setting('hba_file') as path,
       pg_catalog.current_setting('server_version_num')::int as version,
       ${microseconds('pg_catalog.pg_conf_load_time()')} as "loadedAt",
       pg_catalog.encode(pg_catalog.pg_read_binary_file(pg_catalog.current_setting('hba_file')), 'base64') as content,
       (select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('line', line_number, 'error', error)), '[]')
        from pg_catalog.pg_hba_file_rules where error is not null) as errors,
       (select coalesce(pg_catalog.jsonb_agg(name), '[]')
        from pg_catalog.pg_hba_file_rules r, pg_catalog.unnest(r.database) as d(name) where r.auth_method = 'reject') as rejected`

async function inside(
  live: LiveDatabase,
  argv: string[],
  couldNot: string,
  options: ExecOptions = {},
): Promise<string> {
  const result = await execute(live.server, argv, { timeoutMs: 30_000, ...options })
  if (result.exitCode === 0) return result.stdout
  throw hbaError(
    argv.at(-1) ?? '',
    couldNot,
    lastLines(result.stderr, 1)[0] ?? `${argv[0]} exited with code ${result.exitCode}`,
  )
}

function hbaError(path: string, couldNot: string, why: string): SlipwayError {
  return new SlipwayError('HOLD_FAILED', `The access rules of the database (pg_hba.conf) could not ${couldNot}`, {
    why,
    next: `Slipway must be able to replace ${path} inside the container: mount its folder writable, not the file alone.`,
  })
}
