import { number, object } from 'zod'
import { SlipwayError } from '../support/errors.ts'
import { queryBeside, rememberPostgres } from './databases.ts'
import { trySql } from './psql.ts'
import type { LiveDatabase } from './server.ts'
import { literal } from './sql.ts'

/**
 * Whether the server runs and answers on its socket. The server that an image starts only for its
 * first set-up answers there too, but it is told by its command line to listen nowhere: that one does not count.
 */
export async function isReachable(live: LiveDatabase): Promise<boolean> {
  if ((await live.server.container()) === undefined) return false
  const beside = live.name === 'postgres' ? 'template1' : 'postgres'
  for (const database of new Set([beside, 'template1', live.name])) {
    // Never at the live one, where it would be in the way.
    const waitsAt = database === live.name ? beside : database
    const answer = await trySql(live.server, database, readyQuery, { timeoutMs: 10_000, waitsAt })
    if (answer.exitCode === 0) {
      if (database === 'postgres' && live.name !== 'postgres') rememberPostgres(live)
      return answer.stdout.trim() === 'ready'
    }
    // Nobody listens: nor would he at another database, and each attempt is a program in a container that may be starting.
    if (/No such file or directory|Connection refused/.test(answer.stderr)) return false
  }
  return false
}

export async function sizeBytes(live: LiveDatabase): Promise<number> {
  const attempted = `The size of the database ${live.name} could not be read`
  const query = `select pg_catalog.pg_database_size(oid) as bytes from pg_catalog.pg_database where datname = ${literal(live.name)}`
  const [row] = await queryBeside(live, query, object({ bytes: number() }), { attempted })
  if (row === undefined)
    throw new SlipwayError('DATABASE_FAILED', attempted, { why: `there is no database ${live.name}` })
  return row.bytes
}

const readyQuery = `
select case when exists (
  select 1 from pg_catalog.pg_settings where name = 'listen_addresses' and setting = '' and source = 'command line'
) then 'setting-up' else 'ready' end;`
