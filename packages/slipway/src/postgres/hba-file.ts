import { array, nullable, number, object, string, type infer as Infer } from 'zod'
import { SlipwayError } from '../support/errors.ts'
import { lastLines } from '../support/run.ts'
import { maintenanceDatabase } from './databases.ts'
import { queryRows } from './psql.ts'
import { execute, type ExecOptions, type LiveDatabase } from './server.ts'

/** pg_hba.conf as it is inside the container, what PostgreSQL makes of it, and when it last read it. */
export type HbaState = Infer<typeof hbaStateRow>

/** Asked in a session that begins now: that one has the rules and the time of the newest reload. */
export async function hbaState(live: LiveDatabase): Promise<HbaState> {
  const [state] = await queryRows(live.server, await maintenanceDatabase(live), stateQuery, hbaStateRow, {
    attempted: 'The access rules of the database could not be read',
  })
  if (state === undefined) throw new SlipwayError('BUG', 'A query of one row returned none')
  return state
}

export function hbaContent(state: HbaState): Buffer {
  return Buffer.from(state.content, 'base64')
}

/** Writes a second file, proves it, and renames it over the first: a half-written pg_hba.conf can not be. */
export async function replaceHba(live: LiveDatabase, { path }: HbaState, content: Buffer): Promise<void> {
  const [user, group, mode] = (await inside(live, ['stat', '-c', '%u:%g:%a', path], 'be read')).trim().split(':')
  const owner = { user: `${user}:${group}` }
  const next = `${path}.slipway`
  await inside(live, ['dd', `of=${next}`, 'conv=fsync'], 'be written', { ...owner, input: content })
  const [written] = await Promise.all([
    inside(live, ['base64', next], 'be read back', owner),
    inside(live, ['chmod', mode ?? '600', next], 'be written', owner),
  ])
  if (!Buffer.from(written, 'base64').equals(content)) {
    throw hbaError(path, 'be written', 'what was written does not read back the same')
  }
  await inside(live, ['mv', '-f', next, path], 'be replaced', owner)
}

const hbaStateRow = object({
  path: string(),
  version: number(),
  loadedAt: string(),
  content: string(),
  errors: array(object({ line: nullable(number()), error: string() })),
  /** The databases of the rules that reject, in the file as it is now. */
  rejected: array(string()),
})

const stateQuery = `
select pg_catalog.current_setting('hba_file') as path,
       pg_catalog.current_setting('server_version_num')::int as version,
       pg_catalog.pg_conf_load_time()::text as "loadedAt",
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
