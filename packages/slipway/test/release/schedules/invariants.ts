import type { DataOrigin, DeploymentRecord } from '../../../src/release/model.ts'
import { live } from './databases.ts'
import { livesWith } from './image.ts'
import type { Server } from './server.ts'
import { wantedSite } from './wanted-site.ts'

/** What holds whenever no deployment is under way: web, worker, edge and schema are of one release. `seen`: lines of history that were there before. */
export function checkAtRest(server: Server, seen: Set<string>): void {
  const { current } = server
  const is = (holds: boolean, text: string) => {
    if (!holds) server.violate(`at rest ${text}`)
  }
  is(server.common.fence === undefined, 'the database is fenced')
  is(server.edge !== 'held', 'requests are held')
  is(!server.locked, 'the lock is taken')
  is(!server.rehearsing, 'a rehearsal is left over')
  const unused = [...server.made].filter(id => !server.running.has(id))
  is(unused.length === 0, `containers of ${unused.join(', ')} are left that were never started`)
  is(server.edge === current, `the edge leads to ${server.edge}, and ${current} is current`)
  const site = wantedSite(server)
  is(server.site === site, `the front has the site of ${server.site}, and should have that of ${site}`)
  const strangers = [...server.running.keys()].filter(id => id !== current)
  if (current === undefined) return is(strangers.length === 0, `${strangers.join(', ')} still runs`)
  const warm = strangers.filter(id => id === server.warm)
  is(strangers.length === warm.length, `${strangers.join(', ')} still runs`)
  is(!warm.some(id => server.running.get(id)?.has('worker')), 'workers of the warm release run')
  is(server.releases.has(current), `the folder of ${current} is gone`)
  is(isFull(server.running.get(current)), `${current} does not run in full`)
  const doors = [...server.doors].filter(id => id !== server.warm)
  is(doors.length === 1 && doors[0] === current, `the doors are ${doors.join(', ')}`)
  const image = server.images.get(current)
  const database = server.databases.get(live)
  is(
    image !== undefined && database !== undefined && livesWith(image, database),
    `${current} can not live with the schema`,
  )
  is(server.stateDefinition === server.releases.get(current)?.stateFingerprint, 'state services are of another release')
  is(server.lastArrival()?.release === current, `history tells that ${server.lastArrival()?.release} serves`)
  checkWrites(server, seen)
  for (const id of server.records.keys()) seen.add(id)
}

/** Wherever a deployment was cut off, every write is still somewhere. */
export function checkKeptData(server: Server): void {
  const missing = missingFrom(server.databases.get(live)?.rows ?? [], server.acknowledged)
  if (missing.length === 0) return
  const kept = new Set(server.databases.names().flatMap(name => server.databases.get(name)?.rows ?? []))
  if (missing.some(id => !kept.has(id))) server.violate('an acknowledged write is in no database')
}

/** Both ascend: writes are numbered as they come, and copies are of earlier moments. */
function missingFrom(rows: readonly number[], wanted: Iterable<number>): number[] {
  const missing: number[] = []
  let next = 0
  for (const id of wanted) {
    while (next < rows.length && (rows[next] ?? id) < id) next++
    if (rows[next] !== id) missing.push(id)
  }
  return missing
}

function hasRestored(record: DeploymentRecord): boolean {
  return record.outcome === 'deployed' && record.restored !== undefined
}

function isFull(services: ReadonlySet<string> | undefined): boolean {
  return services?.has('api') === true && services.has('worker')
}

/** A rollback that restored older data was allowed to leave the newer writes behind: in a database that is kept. */
function checkWrites(server: Server, told: ReadonlySet<string>): void {
  const lost = missingFrom(server.databases.get(live)?.rows ?? [], server.acknowledged)
  if (lost.length === 0) return
  const restored = [...server.records.values()].filter(record => !told.has(record.id) && hasRestored(record))
  const since = Math.min(...restored.map(record => lastWriteOf(server, record.restored)))
  const kept = new Set(server.databases.leftBehind().flatMap(each => server.databases.get(each)?.rows ?? []))
  // Of two in a row, what the first left behind may have made room for what the second did: retention is of one.
  const isKept = (id: number) => restored.length > 1 || kept.has(id)
  const unexplained = lost.filter(id => id <= since || !isKept(id))
  if (unexplained.length > 0)
    server.violate(`${unexplained.length} acknowledged writes are lost: ${unexplained.slice(0, 3).join(', ')}`)
  for (const id of lost) server.acknowledged.delete(id)
}

/** The last write that a snapshot or backup holds. */
function lastWriteOf(server: Server, origin: DataOrigin | undefined): number {
  const name = origin?.kind === 'snapshot' ? origin.database : origin?.file
  return (name === undefined ? undefined : server.copies.get(name)) ?? Number.POSITIVE_INFINITY
}
