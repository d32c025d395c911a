import { nullable, number, object, string, type infer as Infer } from 'zod'
import { SlipwayError } from '../support/errors.ts'
import { queryBeside } from './databases.ts'
import { runSql, type SqlOptions } from './psql.ts'
import type { DatabaseServer, LiveDatabase } from './server.ts'
import { literal } from './sql.ts'

/**
 * Ends sessions on databases until none is left that must go.
 * `all`: every one of them. `idle`: all but people and programs inside the container that are in the middle of something;
 * a dump of Slipway's own goes too, because it can be made again, and those who wait meanwhile can not wait for it.
 */
export async function endSessions(
  live: LiveDatabase,
  databases: readonly string[],
  options: EndSessions,
): Promise<void> {
  const { which, attempted, first = '' } = options
  const among = `datname in (${databases.map(literal).join(', ')})`
  const chosen =
    which === 'all'
      ? among
      : `${among} and (client_addr is not null or backend_type <> 'client backend' or state = 'idle' or application_name like ${literal(`${backupApplication} %`)})`
  const deadline = performance.now() + patienceMs
  for (;;) {
    const left = await endAndList(live, chosen, among, { attempted, first: `${first}\n` })
    if (left.length === 0) return
    if (performance.now() > deadline) throw stillUsed(left, attempted)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** What PostgreSQL knows a dump for a backup by; a name of its own follows. */
export const backupApplication = 'slipway backup'

export interface EndSessions {
  which: 'all' | 'idle'
  attempted: string
  /** SQL that comes before, in the same go. */
  first?: string
}

/** Ends the sessions of one condition and lists, a moment later, those of another. Autovacuum gives way by itself. */
export async function endAndList(
  live: LiveDatabase,
  ends: string,
  lists: string,
  options: SqlOptions,
): Promise<Session[]> {
  const first = [
    options.first ?? '',
    'select count(pg_catalog.pg_terminate_backend(pid)) from pg_catalog.pg_stat_activity',
    `where pid <> pg_catalog.pg_backend_pid() and (${ends});`,
    'select pg_catalog.pg_sleep(0.02);',
  ].join('\n')
  const query = `
select pid, usename as "user", application_name as application, host(client_addr) as address
from pg_catalog.pg_stat_activity
where pid <> pg_catalog.pg_backend_pid() and backend_type <> 'autovacuum worker' and (${lists})`
  return queryBeside(live, query, session, { ...options, first })
}

const session = object({
  pid: number(),
  user: nullable(string()),
  application: nullable(string()),
  address: nullable(string()),
})
export type Session = Infer<typeof session>

/** Ends a program by the name it gave: when nobody reads its output any more, it lives on in the container with its locks. */
export async function endProgram(server: DatabaseServer, application: string): Promise<void> {
  const sql = `select count(pg_catalog.pg_terminate_backend(pid)) from pg_catalog.pg_stat_activity where application_name = ${literal(application)};`
  await runSql(server, 'template1', sql, { timeoutMs: 10_000 }).catch(() => undefined)
}

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
