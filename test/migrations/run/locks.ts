import { rowsOf, type Session } from './session.ts'

/** The strongest lock that a transaction under way holds on each table that was there before it. */
export async function heldLocks(observer: Session, pid: number, known: ReadonlySet<string>): Promise<string[]> {
  const rows = await rowsOf<{ table: string; mode: string }>(
    observer,
    `select c.oid::regclass::text as table, l.mode from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation
     where l.pid = ${pid} and l.locktype = 'relation' and c.relkind in ('r', 'p') and c.relnamespace <> 'pg_catalog'::regnamespace and l.granted`,
  )
  const strongest = new Map<string, string>()
  for (const { table, mode } of rows) {
    const so = strongest.get(table)
    if (known.has(table) && (so === undefined || order.indexOf(mode) > order.indexOf(so))) strongest.set(table, mode)
  }
  return [...strongest]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([table, mode]) => `${table.replace(/^public\./, '')}: ${mode.replace(/Lock$/, '')}`)
}

/** The file of each table; another one afterwards: it was written anew, or emptied. */
export async function tableFiles(observer: Session): Promise<Map<string, number>> {
  const rows = await rowsOf<{ table: string; file: number }>(
    observer,
    `select c.oid::regclass::text as table, pg_catalog.pg_relation_filenode(c.oid)::int as file from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
  )
  return new Map(rows.map(({ table, file }) => [table, file]))
}

export function newFiles(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] {
  return [...after]
    .filter(([table, file]) => before.has(table) && before.get(table) !== file)
    .map(([table]) => table.replace(/^public\./, ''))
    .sort()
}

const order = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
]
