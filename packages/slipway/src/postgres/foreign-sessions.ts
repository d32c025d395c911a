import { number, object } from 'zod'
import { SlipwayError } from '../support/errors.ts'
import { queryBeside, runBeside } from './databases.ts'
import { execute, type LiveDatabase } from './server.ts'
import { endAndList } from './sessions.ts'
import { literal } from './sql.ts'

/**
 * Ends the sessions that came from outside the allowed networks and waits until they are gone.
 * Called after the new rules are in force, so nobody new can come. Whoever was in the middle of logging in
 * at that moment got in by the old rules and is in no list yet: those are waited for, then ended too.
 */
export async function endForeignSessions(live: LiveDatabase, networks: readonly string[]): Promise<void> {
  const foreign = foreignCondition(live.name, networks)
  const loggingIn = new Set(await pidsLoggingIn(live))
  const startedAt = performance.now()
  const attempted = 'The sessions of the database could not be ended'
  for (;;) {
    // In this order: who is not logging in any more is in the list that comes after.
    const still = loggingIn.size === 0 ? [] : (await pidsLoggingIn(live)).filter(pid => loggingIn.has(pid))
    const present = await endAndList(live, foreign, foreign, { attempted })
    if (still.length > 0 && performance.now() - startedAt > loginPatienceMs) await endProcesses(live, still)
    if (still.length === 0 && present.length === 0) return
    if (performance.now() - startedAt > patienceMs) throw stillThere(still.length)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

export function foreignCondition(database: string, networks: readonly string[]): string {
  const allowed = networks.map(network => `${literal(network)}::pg_catalog.inet`).join(', ')
  const outside = allowed === '' ? 'true' : `not (client_addr operator(pg_catalog.<<=) any (array[${allowed}]))`
  return `datname = ${literal(database)} and client_addr is not null and ${outside}`
}

/**
 * Server processes with a client over the network that no catalog shows yet, by the titles of the processes.
 * Only a superuser may look; for others this is empty.
 */
async function pidsLoggingIn(live: LiveDatabase): Promise<number[]> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      return (await queryBeside(live, loggingInQuery, object({ pid: number() }))).map(row => row.pid)
    } catch {
      // A process ended between being listed and being read: look again.
    }
  }
  return []
}

/** Before it is logged in, a server process can not be ended by SQL, but by a signal it can. */
async function endProcesses(live: LiveDatabase, pids: readonly number[]): Promise<void> {
  const directory = (await runBeside(live, 'show data_directory;')).replace(/\n$/, '')
  const owner = (await execute(live.server, ['stat', '-c', '%u:%g', directory])).stdout.trim()
  for (const pid of pids) await execute(live.server, ['pg_ctl', 'kill', 'TERM', String(pid)], { user: owner })
}

function stillThere(loggingIn: number): SlipwayError {
  return new SlipwayError('HOLD_FAILED', 'Sessions from outside the fence do not end', {
    why:
      loggingIn > 0 ? `${loggingIn} of them are in the middle of logging in` : 'they do not react to being terminated',
  })
}

/**
 * Until a client has said which database it wants, its process still bears the title of the server itself;
 * then the title ends in the stage of the login.
 */
const loggingInQuery = `
with processes as (
  select pid::int as pid,
         pg_catalog.encode(pg_catalog.pg_read_binary_file('/proc/' || pid || '/cmdline', 0, 1000, true), 'escape') as title
  from pg_catalog.pg_ls_dir('/proc') as listed(pid) where pid ~ '^[0-9]+$'
), main as (
  select * from processes where pid = pg_catalog.split_part(pg_catalog.pg_read_file('postmaster.pid'), E'\\n', 1)::int
)
select p.pid from processes p, main
where p.pid <> main.pid
  and (p.title = main.title or p.title ~ '^postgres: .*\\([0-9]+\\) (initializing|startup|authentication)')
  and p.pid not in (select pid from pg_catalog.pg_stat_activity where datname is not null)`

const loginPatienceMs = 1000
const patienceMs = 15_000
