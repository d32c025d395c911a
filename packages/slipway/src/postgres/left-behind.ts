import { SlipwayError } from '../support/errors.ts'
import { listDatabases, runBeside, type DatabaseRow } from './databases.ts'
import { markerText, readMarker } from './marker.ts'
import { isCopyName } from './names.ts'
import type { LiveDatabase } from './server.ts'
import { endSessions } from './sessions.ts'
import { identifier, literal } from './sql.ts'

/** The databases that Slipway left behind for this one, newest first. */
export async function leftBehind(live: LiveDatabase): Promise<string[]> {
  return (await listDatabases(live))
    .filter(row => belongsTo(live.name, row))
    .sort((a, b) => whenMade(b).localeCompare(whenMade(a)) || b.oid - a.oid)
    .map(row => row.name)
}

/** Drops one of these, and nothing else: never the live database, never one that a person made. */
export async function dropLeftBehind(live: LiveDatabase, name: string): Promise<void> {
  const row = (await listDatabases(live)).find(candidate => candidate.name === name)
  if (row === undefined) return
  if (!belongsTo(live.name, row)) {
    throw new SlipwayError('DATABASE_FAILED', `The database ${name} was not dropped`, {
      why: `Slipway only drops what it left behind itself for ${live.name}`,
    })
  }
  const attempted = `The left-behind database ${name} could not be dropped`
  await shut(live, name, attempted)
  await runBeside(live, `drop database if exists ${identifier(name)};`, { attempted, timeoutMs: 300_000 })
}

/** A snapshot that was swapped in, and out again: under its name it is found. Safe to repeat. */
export async function putBackSnapshot(live: LiveDatabase, name: string, snapshot: string): Promise<void> {
  const databases = await listDatabases(live)
  const row = databases.find(candidate => candidate.name === name)
  if (row === undefined && databases.some(candidate => candidate.name === snapshot)) return
  const attempted = `The snapshot ${snapshot} could not be kept`
  if (row === undefined || !belongsTo(live.name, row)) {
    const why = row === undefined ? `there is no database ${name}` : `${name} is not Slipway's for ${live.name}`
    throw new SlipwayError('DATABASE_FAILED', attempted, { why })
  }
  const label = snapshot.split('__before_').at(-1) ?? snapshot
  const marker = markerText({ kind: 'before', of: live.name, label, at: live.now().toISOString() })
  const sql = [
    'begin;',
    `alter database ${identifier(name)} rename to ${identifier(snapshot)};`,
    `comment on database ${identifier(snapshot)} is ${literal(marker)};`,
    'commit;',
  ]
  await shut(live, name, attempted)
  await runBeside(live, sql.join('\n'), { attempted })
}

/** Nobody comes in any more, and whoever is there goes. */
function shut(live: LiveDatabase, name: string, attempted: string): Promise<void> {
  const first = `alter database ${identifier(name)} allow_connections false;`
  return endSessions(live, [name], { which: 'all', attempted, first })
}

/** By its marker; by its name alone when whoever made the copy died before marking it. */
export function belongsTo(live: string, row: DatabaseRow): boolean {
  if (row.name === live) return false
  const marker = readMarker(row.comment)
  return marker === undefined ? row.comment === null && isCopyName(live, row.name) : marker.of === live
}

/** What has no marker was cut off while it was made: it counts as oldest. */
function whenMade(row: DatabaseRow): string {
  return readMarker(row.comment)?.at ?? ''
}
