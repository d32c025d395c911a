import { array, nullable, number, object, string } from 'zod'
import { SlipwayError } from '../support/errors.ts'
import { lastLines } from '../support/run.ts'
import { maintenanceDatabase } from './databases.ts'
import { queryRows } from './psql.ts'
import { execute, type ExecOptions, type LiveDatabase } from './server.ts'

/** pg_hba.conf as it is inside the container. */
export interface HbaFile {
  path: string
  /** `uid:gid`: who writes it. */
  owner: string
  mode: string
  content: Buffer
}

export async function readHba(live: LiveDatabase, path: string): Promise<HbaFile> {
  const status = (await inside(live, ['stat', '-c', '%u:%g:%a', path], 'be read')).trim().split(':')
  const encoded = await inside(live, ['base64', path], 'be read')
  return { path, owner: `${status[0]}:${status[1]}`, mode: status[2] ?? '600', content: Buffer.from(encoded, 'base64') }
}

/** Writes a second file, proves it, and renames it over the first: a half-written pg_hba.conf can not be. */
export async function replaceHba(live: LiveDatabase, file: HbaFile, content: Buffer): Promise<void> {
  const next = `${file.path}.slipway`
  const user = file.owner
  await inside(live, ['rm', '-f', next], 'be written', { user })
  await inside(live, ['dd', `of=${next}`, 'conv=fsync'], 'be written', { user, input: content })
  await inside(live, ['chmod', file.mode, next], 'be written', { user })
  const written = Buffer.from(await inside(live, ['base64', next], 'be read back', { user }), 'base64')
  if (!written.equals(content)) throw hbaError(file.path, 'be written', 'what was written does not read back the same')
  await inside(live, ['mv', '-f', next, file.path], 'be replaced', { user })
}

/** Where the file is, which version reads it, and when it was last read. One new session: it has what the postmaster has. */
export async function hbaState(live: LiveDatabase): Promise<HbaState> {
  const [state] = await queryRows(live.server, await maintenanceDatabase(live), stateQuery, hbaStateRow, {
    attempted: 'The access rules of the database could not be read',
  })
  if (state === undefined) throw new SlipwayError('BUG', 'A query of one row returned none')
  return state
}

const hbaStateRow = object({
  path: string(),
  version: number(),
  loadedAt: string(),
  errors: array(object({ line: nullable(number()), error: string() })),
  /** The databases of the rules that reject, in the file as it is now. */
  rejected: array(string()),
})
export type HbaState = ReturnType<typeof hbaStateRow.parse>

const stateQuery = `
select pg_catalog.current_setting('hba_file') as path,
       pg_catalog.current_setting('server_version_num')::int as version,
       pg_catalog.pg_conf_load_time()::text as "loadedAt",
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
