import type { EnvironmentConfig } from '../config/model.ts'
import { forecastDatabase, subjectOf, type Experience } from './experience.ts'
import { forecastData, forecastMigration } from './forecast.ts'
import type {
  Commit,
  DataOrigin,
  DeploymentRecord,
  Plan,
  RehearsalForecast,
  Release,
  ReleaseId,
  ReleaseService,
} from './model.ts'
import type { DatabaseState } from './ports.ts'
import type { Promotion } from './promotion.ts'
import { reportOf } from './rehearsal-report.ts'
import { SlipwayError } from '../support/errors.ts'

/** What a deployment would do: printed by `plan`, executed by `deploy`. Pure. */
export function planDeployment(input: {
  config: EnvironmentConfig
  services: readonly PlannedFrom[]
  commit: Commit | undefined
  promotion?: Promotion | undefined
  current: Release | undefined
  migrationFingerprint: string | undefined
  history: readonly DeploymentRecord[]
  database: DatabaseState | undefined
  databaseBytes?: number | undefined
  experience?: Experience | undefined
}): Plan {
  const { config, current, commit, promotion, databaseBytes, experience = {} } = input
  const migration = forecastMigration(input)
  const rehearsal = migration.kind === 'pending' ? forecastRehearsal(input) : undefined
  return {
    kind: 'deploy',
    app: config.app,
    environment: config.environment,
    project: config.project,
    version: promotion?.version ?? commit?.sha.slice(0, 7) ?? 'the working folder',
    services: serviceChanges(input.services, current),
    migration,
    state: current === undefined ? 'first' : 'same',
    data: { kind: 'untouched' },
    steps: [],
    config,
    ...(databaseBytes === undefined
      ? {}
      : { database: forecastDatabase(experience, databaseBytes, config.rehearse.mode) }),
    ...(rehearsal === undefined ? {} : { rehearsal }),
    ...(promotion === undefined ? {} : { promotion }),
    ...(current === undefined ? {} : { current }),
    ...(commit === undefined ? {} : { commit }),
  }
}

/** What going back to an earlier release would do. Pure. */
export function planRollback(input: {
  config: EnvironmentConfig
  current: Release | undefined
  wanted: ReleaseId | undefined
  releases: readonly Release[]
  history: readonly DeploymentRecord[]
  asked: 'keep' | 'restore' | undefined
  confirmed: boolean
  existing: (origin: DataOrigin) => boolean
  /** The release that still runs beside the current one, and answers well. */
  warm?: ReleaseId
}): Plan {
  const { config, current, releases, history } = input
  const target = targetOf(input.wanted, current, releases, history)
  const data =
    config.database === undefined ? ({ kind: 'untouched' } as const) : forecastData({ ...input, target: target.id })
  return {
    kind: 'rollback',
    app: config.app,
    environment: config.environment,
    project: config.project,
    version: target.version,
    services: target.services.map(service => ({ name: service.name, role: service.role, change: 'changed' as const })),
    migration: { kind: 'none', why: 'a rollback runs no migration' },
    state: 'same',
    data,
    steps: [],
    config,
    target,
    // Data that changes is a matter of holds, fences and a start of its own.
    ...(target.id === input.warm && data.kind !== 'restore' ? { warm: true as const } : {}),
    ...(current === undefined ? {} : { current }),
    ...(target.commit === undefined ? {} : { commit: target.commit }),
  }
}

/** An earlier rehearsal counts when it was of these migrations, on this schema, beside this release. */
function forecastRehearsal(input: Parameters<typeof planDeployment>[0]): RehearsalForecast | undefined {
  const { config, current, experience } = input
  if (current === undefined || config.database === undefined || config.rehearse.mode === 'off') return undefined
  const of = subjectOf({ ...input, current })
  const note = experience?.rehearsal
  if (of === undefined || note?.of !== of) return of === undefined ? {} : { of }
  return { of, report: reportOf(note, current.id, config.hold.limitMs) }
}

function targetOf(
  wanted: ReleaseId | undefined,
  current: Release | undefined,
  releases: readonly Release[],
  history: readonly DeploymentRecord[],
): Release {
  const id = wanted ?? previousOf(current, history)
  const target = releases.find(release => release.id === id)
  const kept = releases.map(release => release.id).filter(each => each !== current?.id)
  if (target !== undefined && target.id !== current?.id) return target
  throw new SlipwayError(
    'NO_RELEASE',
    wanted === undefined ? 'There is no earlier release to go back to' : `${wanted} is not a release to go back to`,
    {
      why:
        id === current?.id
          ? `${id} serves now`
          : id === undefined
            ? 'history holds no earlier release'
            : `${id} is not kept any more`,
      state: current === undefined ? 'nothing serves yet' : `${current.id} serves`,
      next: kept.length === 0 ? 'Deploy first.' : `Choose one of ${kept.join(', ')}.`,
    },
  )
}

/** The release that served before the current one came. */
function previousOf(current: Release | undefined, history: readonly DeploymentRecord[]): ReleaseId | undefined {
  const arrivals = history.filter(record => record.outcome === 'deployed')
  return arrivals.findLast(record => record.release === current?.id && record.kind === 'deploy')?.previous
}

interface PlannedFrom extends ReleaseService {
  builds: boolean
  /** By digest. */
  image?: string
}

function serviceChanges(services: readonly PlannedFrom[], current: Release | undefined): Plan['services'] {
  const known = new Set(current?.services.map(service => service.name))
  const now = services.map(({ name, role, builds, image }) => {
    // An older version of Slipway recorded no digests: a database is not said to change for that.
    const unknown = role === 'state' && current?.digests === undefined
    const sameImage = image === undefined || unknown || current?.digests?.[name] === image
    const change = !known.has(name) ? 'new' : builds ? 'build' : sameImage ? 'same' : 'changed'
    return { name, role, change, ...(image === undefined ? {} : { image }) } as const
  })
  const gone = (current?.services ?? []).filter(service => !services.some(each => each.name === service.name))
  return [...now, ...gone.map(service => ({ name: service.name, role: service.role, change: 'removed' as const }))]
}
