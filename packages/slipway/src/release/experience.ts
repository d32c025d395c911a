import type { EnvironmentConfig, RehearseConfig } from '../config/model.ts'
import type { DatabaseForecast, Rehearsal, Release } from './model.ts'
import type { DatabaseState } from './ports.ts'

/** What backup and rehearsal of an environment took, and what the last rehearsal said. */
export interface Experience {
  backup?: { databaseBytes: number; seconds: number }
  rehearsal?: RehearsalNote
}

export type RehearsalNote = {
  /** As `subjectOf` names it. */
  of?: string
  at: string
  mode: 'full' | 'schema'
  databaseBytes: number
  /** Of all of it. */
  seconds: number
} & ({ rehearsal: Rehearsal } | { failure: RehearsalFailure })

export interface RehearsalFailure {
  message: string
  why?: string
  next?: string
  output: string[]
}

/** What a rehearsal is about; what it says of anything else is nothing. Undefined: nothing shows it. Pure. */
export function subjectOf(input: {
  config: EnvironmentConfig
  current: Release
  migrationFingerprint: string | undefined
  database: DatabaseState | undefined
}): string | undefined {
  const { config, current, migrationFingerprint, database } = input
  if (migrationFingerprint === undefined || database === undefined) return undefined
  const { mode, smoke } = config.rehearse
  return [mode, migrationFingerprint, database.fingerprint, current.fingerprint, JSON.stringify(smoke)].join(' ')
}

/** What depends on the data takes longer in the measure in which the data grew, and never less. Pure. */
export function forecastDatabase(
  experience: Experience,
  bytes: number,
  mode: RehearseConfig['mode'],
): DatabaseForecast {
  const { backup, rehearsal } = experience
  return {
    bytes,
    ...(backup === undefined ? {} : { backupSeconds: rounded(backup.seconds * growth(backup.databaseBytes, bytes)) }),
    ...(rehearsal === undefined || !('rehearsal' in rehearsal) || rehearsal.mode !== mode
      ? {}
      : { rehearsalSeconds: rounded(rehearsalSeconds(rehearsal, rehearsal.rehearsal, bytes)) }),
  }
}

function rehearsalSeconds(note: RehearsalNote, { seconds, fillSeconds = 0 }: Rehearsal, bytes: number): number {
  if (note.mode === 'schema') return note.seconds
  const ofData = Math.min(note.seconds, fillSeconds + seconds)
  return note.seconds - ofData + ofData * growth(note.databaseBytes, bytes)
}

/** An empty database is several megabytes as well: less than that tells nothing. */
function growth(before: number, now: number): number {
  return Math.max(1, now / Math.max(before, smallest))
}

const smallest = 32 * 1024 ** 2

function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10
}
