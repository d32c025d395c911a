import { number, object, string, type infer as Infer } from 'zod'
import { queryBeside, queryLive } from './databases.ts'
import type { LiveDatabase } from './server.ts'
import { literal } from './sql.ts'

/** Looks again and again, while `act` runs, at which locks that keep others out are held on tables. */
export async function watchLocks<T>(
  live: LiveDatabase,
  act: () => Promise<T>,
): Promise<{ result: T; locks: HeldLock[] }> {
  const looks: { at: number; locks: Look[] }[] = []
  const query = locksQuery
  const watching = repeatWhile(act(), paceMs, async () => {
    const at = performance.now()
    const locks = await queryLive(live, query, look).catch(() => [])
    looks.push({ at, locks })
  })
  return { result: await watching, locks: heldLocks(looks) }
}

/** Pure: the strongest lock on each table, and how long any that strong was seen. */
export function heldLocks(looks: readonly { at: number; locks: readonly Look[] }[]): HeldLock[] {
  const held = new Map<string, HeldLock & { first: number; last: number }>()
  for (const { at, locks } of looks) {
    for (const { table, mode, bytes } of locks) {
      const known = held.get(table)
      if (known === undefined) held.set(table, { table, mode, bytes, seconds: 0, first: at, last: at })
      else {
        known.last = at
        if (strength(mode) > strength(known.mode)) known.mode = mode
      }
    }
  }
  return [...held.values()].map(({ first, last, ...lock }) => ({ ...lock, seconds: Math.round(last - first) / 1000 }))
}

export interface HeldLock {
  table: string
  mode: string
  bytes: number
  seconds: number
}

/**
 * While `act` runs, a statement that came from these networks and waits for a lock longer than `limitMs` is cancelled:
 * everybody who comes after it would wait behind it. Returns how many were.
 */
export async function withLockGuard<T>(
  live: LiveDatabase,
  networks: readonly string[],
  limitMs: number,
  act: () => Promise<T>,
): Promise<{ result: T; cancelled: number }> {
  let cancelled = 0
  const query = cancelQuery(live.name, networks, limitMs)
  const result = await repeatWhile(act(), guardPaceMs, async () => {
    cancelled += (await queryBeside(live, query, object({ pid: number() })).catch(() => [])).length
  })
  return { result, cancelled }
}

async function repeatWhile<T>(work: Promise<T>, pace: number, look: () => Promise<void>): Promise<T> {
  let ended = false
  const end = work.then(
    () => (ended = true),
    () => (ended = true),
  )
  while (!ended) {
    await look()
    await Promise.race([end, new Promise(resolve => setTimeout(resolve, pace))])
  }
  return work
}

/** From weak to strong; those before the first do not keep readers or writers out. */
const strengths = ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']

function strength(mode: string): number {
  return strengths.indexOf(mode)
}

const look = object({ table: string(), mode: string(), bytes: number() })
type Look = Infer<typeof look>

const locksQuery = `
select n.nspname || '.' || c.relname as table, l.mode, pg_catalog.pg_total_relation_size(c.oid) as bytes
from pg_catalog.pg_locks l
join pg_catalog.pg_class c on c.oid = l.relation and c.relkind in ('r', 'p')
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname !~ '^pg_'
where l.granted and l.pid <> pg_catalog.pg_backend_pid()
  and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
  and l.mode in (${strengths.map(literal).join(', ')})`

export function cancelQuery(database: string, networks: readonly string[], limitMs: number): string {
  const among = networks.map(network => `${literal(network)}::pg_catalog.inet`).join(', ')
  // Materialised: conditions may be tried in any order, and that one would cancel whoever is looked at.
  return `
with waiting as materialized (
  select a.pid from pg_catalog.pg_stat_activity a
  where a.datname = ${literal(database)} and a.wait_event_type = 'Lock'
    and a.client_addr operator(pg_catalog.<<=) any (array[${among}]::pg_catalog.inet[])
    and pg_catalog.clock_timestamp() - a.query_start > pg_catalog.make_interval(secs => ${limitMs / 1000})
)
select pid from waiting where pg_catalog.pg_cancel_backend(pid)`
}

const paceMs = 20
const guardPaceMs = 100
