import { SlipwayError } from '../support/errors.ts'
import { listDatabases, openLive, runBeside, type DatabaseRow } from './databases.ts'
import { markerText, readMarker } from './marker.ts'
import { freeName } from './names.ts'
import type { LiveDatabase } from './server.ts'
import { endSessions } from './sessions.ts'
import { identifier, literal } from './sql.ts'

/**
 * Makes `replacement` the live database by one transaction of renames and returns the name of what was live.
 * Whatever died on the way, calling it again ends the same: what is left to do is read from the catalog.
 */
export async function swapIn(live: LiveDatabase, replacement: string, label: string): Promise<string> {
  const at = live.now().toISOString()
  const decided = decideSwap(await listDatabases(live), live.name, replacement, label)
  if (decided.kind === 'impossible') {
    throw new SlipwayError('RESTORE_FAILED', `${replacement} could not take the place of ${live.name}`, {
      why: decided.why,
      state: 'no database was changed',
    })
  }
  const sql =
    decided.kind === 'done'
      ? `alter database ${identifier(live.name)} allow_connections true;`
      : swapSql(
          live.name,
          replacement,
          decided,
          markerText({ kind: 'left', of: live.name, label, at, replacedBy: replacement }),
        )
  if (decided.kind === 'swap') await closeBoth(live, decided.liveExists ? [live.name, replacement] : [replacement])
  await openAgainOnFailure(live, () =>
    runBeside(live, sql, { attempted: `${replacement} could not take the place of ${live.name}` }),
  )
  await proveSwapped(live, replacement, decided.left)
  return decided.left
}

export type SwapDecision =
  | { kind: 'swap'; left: string; liveExists: boolean; liveComment: string | null }
  | { kind: 'done'; left: string }
  | { kind: 'impossible'; why: string }

/** Pure: what the names and comments of the databases say is left to do. */
export function decideSwap(
  databases: readonly DatabaseRow[],
  live: string,
  replacement: string,
  label: string,
): SwapDecision {
  const byName = new Map(databases.map(row => [row.name, row]))
  const current = byName.get(live)
  if (replacement === live) return { kind: 'impossible', why: 'it is the live database itself' }
  if (byName.has(replacement)) {
    const left = freeName(live, 'left', label, new Set(byName.keys()))
    return { kind: 'swap', left, liveExists: current !== undefined, liveComment: personsComment(current) }
  }
  const earlier = databases.filter(row => wasReplacedBy(row, live, replacement, label)).at(-1)
  if (earlier !== undefined && current !== undefined) return { kind: 'done', left: earlier.name }
  return { kind: 'impossible', why: `there is no database ${replacement}` }
}

/** One transaction: no moment without a live database, and none with the wrong one open. */
export function swapSql(
  live: string,
  replacement: string,
  decided: Extract<SwapDecision, { kind: 'swap' }>,
  comment: string,
): string {
  const moveAway = [
    `alter database ${identifier(live)} rename to ${identifier(decided.left)};`,
    `comment on database ${identifier(decided.left)} is ${literal(comment)};`,
  ]
  return [
    'begin;',
    ...(decided.liveExists ? moveAway : []),
    `alter database ${identifier(replacement)} rename to ${identifier(live)};`,
    `comment on database ${identifier(live)} is ${decided.liveComment === null ? 'null' : literal(decided.liveComment)};`,
    `alter database ${identifier(live)} allow_connections true;`,
    'commit;',
  ].join('\n')
}

function personsComment(row: DatabaseRow | undefined): string | null {
  return row === undefined || readMarker(row.comment) !== undefined ? null : row.comment
}

function wasReplacedBy(row: DatabaseRow, live: string, replacement: string, label: string): boolean {
  const marker = readMarker(row.comment)
  return marker?.kind === 'left' && marker.of === live && marker.replacedBy === replacement && marker.label === label
}

/** Nobody can come in again, then everybody goes: only a database without sessions can be renamed. */
async function closeBoth(live: LiveDatabase, names: readonly string[]): Promise<void> {
  const attempted = `The sessions on ${live.name} could not be ended`
  const first = names.map(name => `alter database ${identifier(name)} allow_connections false;`).join('\n')
  await openAgainOnFailure(live, () => endSessions(live, names, { which: 'all', attempted, first }))
}

/** A swap that failed must not leave the live database shut. If this fails too, a lifted fence or a second swap opens it. */
async function openAgainOnFailure(live: LiveDatabase, act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    await openLive(live).catch(() => undefined)
    throw error
  }
}

async function proveSwapped(live: LiveDatabase, replacement: string, left: string): Promise<void> {
  const after = await listDatabases(live)
  const current = after.find(row => row.name === live.name)
  if (current?.allowsConnections === true && !after.some(row => row.name === replacement)) return
  throw new SlipwayError('RESTORE_FAILED', `${replacement} did not take the place of ${live.name}`, {
    why: 'the names of the databases are not what the renames should have made them',
    state: `what was live may be called ${left}`,
    next: 'Look at the databases with `psql -l`, then run this again.',
  })
}
