import { SlipwayError } from '../support/errors.ts'
import type { EnvironmentConfig } from '../config/model.ts'
import type { DataOrigin, DataPlan, DeploymentRecord, MigrationForecast, Release, ReleaseId } from './model.ts'
import type { DatabaseState } from './ports.ts'

/** Whether the migration can change anything, found from the files and the database's state: never from an exit code. */
export function forecastMigration(input: {
  config: EnvironmentConfig
  current: Release | undefined
  migrationFingerprint: string | undefined
  history: readonly DeploymentRecord[]
  database: DatabaseState | undefined
}): MigrationForecast {
  if (input.config.migrate === undefined) return { kind: 'none', why: 'the app has no migration' }
  if (input.current === undefined) return { kind: 'pending', why: 'first deployment' }
  if (input.migrationFingerprint === undefined) {
    return { kind: 'pending', why: 'migrate.files is not set, so nothing shows what is pending' }
  }
  if (input.migrationFingerprint !== input.current.migrationFingerprint) {
    return { kind: 'pending', why: `the migrations differ from those of ${input.current.id}` }
  }
  const last = input.history.filter(record => record.outcome === 'deployed').at(-1)
  if (last?.databaseFingerprint === undefined || last.databaseFingerprint !== input.database?.fingerprint) {
    return { kind: 'pending', why: `the schema is not as ${input.current.id} left it` }
  }
  return { kind: 'unchanged', why: `same migrations and same schema as ${input.current.id}` }
}

/**
 * The data rule for going back from the current release to `target`: data stays when every migration between only
 * added; else it is a person's decision, made on the command line or beforehand by `rollback.data`.
 */
export function forecastData(input: {
  config: EnvironmentConfig
  target: ReleaseId
  history: readonly DeploymentRecord[]
  asked: 'keep' | 'restore' | undefined
  confirmed: boolean
  existing: (origin: DataOrigin) => boolean
}): DataPlan {
  const { config, target } = input
  const path = pathOfData(input.history)
  if (input.asked !== 'keep' && isUndone(target, path, input.history)) throw undone(target)
  const between = path.slice(1 + path.findLastIndex(record => record.release === target))
  const lines = between.flatMap(breakingChanges)
  const first = between[0]
  if (input.asked === 'keep') return { kind: 'keep', why: 'asked for with --data keep' }
  if (input.asked !== 'restore') {
    if (lines.length === 0)
      return { kind: 'keep', why: 'every migration since only added: the older code lives with the data' }
    if (config.rollback.data === 'keep') return { kind: 'keep', why: 'rollback.data is keep' }
  }
  const from = origins(between).find(input.existing)
  const loses = `all writes since ${first?.startedAt ?? 'then'} (${first?.id ?? 'no deployment'}); they stay in a left-behind database`
  if (!input.confirmed && !(config.rollback.data === 'restore' && input.asked === undefined)) {
    throw new SlipwayError('CONFIRMATION_NEEDED', `Going back to ${target} needs a decision about the data`, {
      why:
        lines.length === 0
          ? `--data restore would lose ${loses}`
          : `the older code can not live with the schema of today: ${lines.join(', ')}`,
      state: 'nothing was changed',
      next: `Bring the older data back with --data restore --confirm=${config.app} (loses ${loses}), or try the older code on today's data with --data keep.`,
    })
  }
  if (from === undefined) {
    throw new SlipwayError('NO_RELEASE', `There is no snapshot or backup of the data of ${target}`, {
      state: 'nothing was changed',
      next: 'Roll back to a newer release, or keep the data with --data keep.',
    })
  }
  return { kind: 'restore', from, loses, breaking: lines }
}

/** As its catalogs differ, or as the old code showed when it was run on the result. */
function breakingChanges({ migration, oldCodeBreaks }: DeploymentRecord): string[] {
  const found = (migration?.changes ?? []).filter(change => change.breaking).map(change => change.what)
  return found.length === 0 && oldCodeBreaks !== undefined ? [oldCodeBreaks] : found
}

/** The deployments that led to the data as it is, oldest first: a rollback that restored data takes some away. */
function pathOfData(history: readonly DeploymentRecord[]): DeploymentRecord[] {
  let path: DeploymentRecord[] = []
  for (const record of history) {
    if (record.outcome !== 'deployed') continue
    if (record.restored !== undefined)
      path = path.slice(0, 1 + path.findLastIndex(each => each.release === record.release))
    path.push(record)
  }
  return path
}

/** Its migrations were taken back with the data: its code does not find the schema that it was made for. */
function isUndone(target: ReleaseId, path: readonly DeploymentRecord[], history: readonly DeploymentRecord[]): boolean {
  if (path.some(record => record.release === target)) return false
  return history.some(record => record.outcome === 'deployed' && record.release === target)
}

function undone(target: ReleaseId): SlipwayError {
  return new SlipwayError('NO_RELEASE', `${target} can not be gone back to: the data is older than it`, {
    why: `a rollback brought the data of before ${target} back, so its migrations are not in the database`,
    state: 'nothing was changed',
    next: 'Deploy instead: slipway deploy runs the migrations again. Or try its code on the data as it is with --data keep.',
  })
}

/** The exact copy taken inside the hold is better than the dump made before it. */
function origins(between: readonly DeploymentRecord[]): DataOrigin[] {
  const first = between.find(record => record.migration?.changed === true) ?? between[0]
  if (first === undefined) return []
  return [
    ...(first.snapshot === undefined ? [] : [{ kind: 'snapshot', database: first.snapshot } as const]),
    ...(first.backup === undefined ? [] : [{ kind: 'backup', file: first.backup } as const]),
  ]
}
