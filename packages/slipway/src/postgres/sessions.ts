import { boolean, nullable, number, object, string, type infer as Infer } from 'zod'
import { SlipwayError } from '../support/errors.ts'
import { maintenanceDatabase, runBeside } from './databases.ts'
import { queryRows } from './psql.ts'
import type { LiveDatabase } from './server.ts'
import { literal } from './sql.ts'

/**
 * Ends sessions on databases until none is left that must go.
 * `all`: every one of them. `idle`: all but people and programs inside the container that are in the middle of something.
 */
export async function endSessions(
  live: LiveDatabase,
  databases: readonly string[],
  which: 'all' | 'idle',
  attempted: string,
): Promise<void> {
  const names = databases.map(literal).join(', ')
  const chosen =
    which === 'all' ? 'true' : "(client_addr is not null or backend_type <> 'client backend' or state = 'idle')"
  const deadline = Date.now() + patienceMs
  for (;;) {
    await runBeside(live, terminate(`datname in (${names}) and ${chosen}`), { attempted })
    const left = await sessions(live, `datname in (${names})`)
    if (left.length === 0) return
    if (Date.now() > deadline) throw stillUsed(left, attempted)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** SQL that ends sessions, except its own. */
export function terminate(condition: string): string {
  return `select count(pg_catalog.pg_terminate_backend(pid)) from pg_catalog.pg_stat_activity
where pid <> pg_catalog.pg_backend_pid() and (${condition});`
}

/** The sessions on a database that someone opened (autovacuum gives way by itself). */
export async function sessions(live: LiveDatabase, condition: string): Promise<Session[]> {
  return queryRows(
    live.server,
    await maintenanceDatabase(live),
    `select pid, usename as "user", application_name as application, host(client_addr) as address, state,
       backend_type <> 'client backend' as background
from pg_catalog.pg_stat_activity
where pid <> pg_catalog.pg_backend_pid() and backend_type <> 'autovacuum worker' and (${condition})`,
    session,
    { attempted: 'The sessions of the database could not be listed' },
  )
}

const session = object({
  pid: number(),
  user: nullable(string()),
  application: nullable(string()),
  address: nullable(string()),
  state: nullable(string()),
  background: boolean(),
})
export type Session = Infer<typeof session>

/** PostgreSQL itself waits 5 seconds for others to go before it refuses. */
const patienceMs = 10_000

function stillUsed(left: readonly Session[], attempted: string): SlipwayError {
  const who = left.slice(0, 3).map(({ user, application, address, pid }) => {
    return `${user ?? 'a background process'} (${[application, address ?? 'local', `pid ${pid}`].filter(Boolean).join(', ')})`
  })
  return new SlipwayError('DATABASE_FAILED', attempted, {
    why: `the database is still used by ${who.join(', ')}${left.length > 3 ? ` and ${left.length - 3} more` : ''}`,
    next: 'Wait for it or end it, then run this again.',
  })
}
