import type { RehearsalNote } from './experience.ts'
import type { ReleaseId, RehearsalReport } from './model.ts'
import { expectedHoldSeconds, expandAndContract, verdictOf } from './rehearsal.ts'

/** What a rehearsal says of the deployment to come: the row of the data rule, and what makes it so. Pure. */
export function reportOf(note: RehearsalNote, current: ReleaseId, limitMs: number): RehearsalReport {
  const { at, mode } = note
  if ('failure' in note) {
    const { message, why, next, output } = note.failure
    const told = { ...(why === undefined ? {} : { why }), ...(next === undefined ? {} : { next }) }
    return { at, mode, row: 'fails', says: message, ...told, output, changes: [], locks: [] }
  }
  const { rehearsal } = note
  const { seconds, changes, locks } = rehearsal
  const verdict = verdictOf(rehearsal)
  const common = { at, mode, output: [], migrationSeconds: seconds, changes, locks }
  if (verdict.kind === 'changes-nothing')
    return { ...common, row: 'changes-nothing', says: 'it changes nothing: no hold' }
  if (verdict.kind === 'compatible')
    return { ...common, row: 'online', says: `${current} lives with the new schema: no hold` }
  const { why } = verdict
  const output = rehearsal.old.kind === 'breaks' ? rehearsal.old.output : []
  const holdSeconds = expectedHoldSeconds(rehearsal, note.databaseBytes)
  const broken = { ...common, output, why, holdSeconds }
  const limit = `hold.limit is ${limitMs / 1000} s`
  if (holdSeconds * 1000 <= limitMs)
    return {
      ...broken,
      row: 'held',
      says: `${current} can not live with it: requests will wait for about ${holdSeconds} s (${limit})`,
    }
  return {
    ...broken,
    row: 'refused',
    says: `refused: requests would wait for about ${holdSeconds} s, and ${limit}`,
    next: expandAndContract,
  }
}
