import { SlipwayError } from '../support/errors.ts'
import type { Rehearsal } from './model.ts'

/** What a rehearsal decides about the live database. Pure. */
export type Verdict =
  | { kind: 'changes-nothing' }
  /** The old release lives with the new schema: it was run on it. */
  | { kind: 'compatible' }
  | { kind: 'incompatible'; why: string }

export function verdictOf(rehearsal: Rehearsal): Verdict {
  if (!rehearsal.changed) return { kind: 'changes-nothing' }
  const breaking = rehearsal.changes.filter(change => change.breaking).map(change => change.what)
  if (breaking.length > 0) return { kind: 'incompatible', why: listed(breaking) }
  if (rehearsal.old.kind === 'lives') return { kind: 'compatible' }
  return { kind: 'incompatible', why: rehearsal.old.why }
}

/** One line for people: what it does, how long it takes, whom it keeps out. */
export function told(rehearsal: Rehearsal, current: string): string {
  const verdict = verdictOf(rehearsal)
  const took = `${rehearsal.seconds.toFixed(1)} s on the copy`
  if (verdict.kind === 'changes-nothing') return `it changes nothing (${took}): no hold`
  const what = listed(rehearsal.changes.map(change => change.what))
  const locks = rehearsal.locks
    .filter(lock => lock.rewritten || lock.seconds >= noticeableSeconds)
    .map(lock => `${lock.table} ${lock.rewritten ? 'is written anew' : `is locked for ${lock.seconds.toFixed(1)} s`}`)
  const story = [what, took, ...(locks.length === 0 ? [] : [listed(locks)])].filter(Boolean).join(' · ')
  if (verdict.kind === 'compatible') return `${story} · ${current} lives with it: no hold`
  return `${story} · ${current} can not live with it (${verdict.why}): requests will be held`
}

/** Beyond migration, boot and copying: quieting, fencing, switching. Measured: 2 to 4 s for small apps. */
const holdOverheadSeconds = 3
/** The snapshot of a hold copies files. Measured: 0.6 to 1 GB a second. */
const copiedBytesPerSecond = 600_000_000

/** How long requests will wait while a migration is run that old code can not live with. */
export function expectedHoldSeconds(rehearsal: Rehearsal, databaseBytes = 0): number {
  const copying = databaseBytes / copiedBytesPerSecond
  return Math.ceil(rehearsal.seconds + (rehearsal.bootSeconds ?? 0) + copying + holdOverheadSeconds)
}

/** A hold that can not end in time must not begin. */
export function proveHoldFits(rehearsal: Rehearsal, limitMs: number, databaseBytes?: number): number {
  const expected = expectedHoldSeconds(rehearsal, databaseBytes)
  if (expected * 1000 <= limitMs) return expected
  throw new SlipwayError('HOLD_TOO_LONG', `Requests would be held for about ${expected} s, longer than hold.limit`, {
    why: `the migration took ${rehearsal.seconds.toFixed(1)} s on a copy of the database, and hold.limit is ${limitMs / 1000} s`,
    state: 'production was not touched',
    next: expandAndContract,
  })
}

export const expandAndContract =
  'Split it: expand first (add, fill in batches), release the code, contract in a later release. Or raise hold.limit.'

const noticeableSeconds = 0.1

function listed(texts: readonly string[]): string {
  return `${texts.slice(0, 3).join(', ')}${texts.length > 3 ? ` and ${texts.length - 3} more` : ''}`
}
