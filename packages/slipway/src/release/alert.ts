import type { ReleaseId } from './model.ts'

/** When somebody is to be told that what serves does badly, and that it is well again. Pure. */

/** What was told last; absent: all was well. */
export interface AlertNote {
  /** When it was first seen. */
  since: string
}

/** What the alert hook is told, as a document in a file of its own. */
export interface Alert {
  event: 'down' | 'recovered'
  app: string
  environment: string
  project: string
  at: string
  /** When it went down. */
  since: string
  /** What serves, or should. */
  release?: ReleaseId
  version?: string
  /** What is wrong; empty when it has recovered. */
  problems: string[]
}

/** Only a change is told: not every look at something that is still down. */
export function alertOf(
  before: AlertNote | undefined,
  problems: readonly string[],
  now: string,
): Pick<Alert, 'event' | 'since'> | undefined {
  if (before === undefined && problems.length > 0) return { event: 'down', since: now }
  if (before !== undefined && problems.length === 0) return { event: 'recovered', since: before.since }
  return undefined
}
