import type { ComposeService } from '../../config/document.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { isBuilt } from '../../engine/build-document.ts'
import { migrationFingerprintOf } from '../../engine/fetch.ts'
import { isByDigest, wholeReference } from '../../engine/image-reference.ts'
import type { DataOrigin, Plan } from '../../release/model.ts'
import { planDeployment, planRollback } from '../../release/plan.ts'
import { plannedSteps } from '../../release/planned-steps.ts'
import type { DatabaseState, Ports } from '../../release/ports.ts'
import type { RollbackRequest } from '../application.ts'
import type { ResolvedSource } from './resolve.ts'
import { planWarmRollback } from './warm-target.ts'

/** What deploying this code would do, from what is on the server now. */
export async function deploymentPlan(
  { config, document, services, commit, promotion }: ResolvedSource,
  ports: Ports,
  seen: Promise<SeenDatabase | undefined> = lookAt(ports.database),
): Promise<Plan> {
  const [current, history, migrationFingerprint, experience, database] = await Promise.all([
    ports.releases.current(),
    ports.journal.history(),
    migrationFingerprintOf(config),
    ports.experience?.read(),
    seen,
  ])
  const plan = planDeployment({
    config,
    services: services.map(service => ({ ...service, ...imageOf(document.services[service.name]) })),
    promotion,
    commit,
    current,
    migrationFingerprint,
    history,
    experience,
    database: database?.state,
    databaseBytes: database?.bytes,
  })
  return { ...plan, steps: plannedSteps(plan) }
}

function imageOf(service: ComposeService | undefined): { builds: boolean; image?: string } {
  if (service === undefined || isBuilt(service)) return { builds: service !== undefined }
  const { image } = service
  return { builds: false, ...(image !== undefined && isByDigest(image) ? { image: wholeReference(image) } : {}) }
}

/** What going back would do: to the release that is still warm, or to one that is started anew. */
export async function rollbackPlan(config: EnvironmentConfig, ports: Ports, request: RollbackRequest): Promise<Plan> {
  const [current, releases, history] = await Promise.all([
    ports.releases.current(),
    ports.releases.all(),
    ports.journal.history(),
  ])
  const wanted = { wanted: request.release, asked: request.data, confirmed: request.confirm === config.app }
  const input = { config, current, releases, history, ...wanted }
  const plan =
    (await planWarmRollback(input, ports)) ?? planRollback({ ...input, existing: await existingOrigins(ports) })
  return { ...plan, steps: plannedSteps(plan) }
}

/** Recovery takes the releases from the journal; the rest of the plan only needs to be of this environment. */
export function basePlan(config: EnvironmentConfig, current: Plan['current']): Plan {
  return {
    kind: 'deploy',
    app: config.app,
    environment: config.environment,
    project: config.project,
    version: '',
    services: [],
    migration: { kind: 'none', why: '' },
    state: 'same',
    data: { kind: 'untouched' },
    steps: [],
    config,
    ...(current === undefined ? {} : { current }),
  }
}

export interface SeenDatabase {
  state: DatabaseState
  bytes: number
}

/** Undefined: there is none, or it does not answer. */
export async function lookAt(database: Ports['database']): Promise<SeenDatabase | undefined> {
  if (database === undefined || !(await database.reachable())) return undefined
  // One after the other: both at once would start a second psql, which takes longer than the question.
  const state = await database.state()
  return { state, bytes: await database.sizeBytes() }
}

async function existingOrigins(ports: Ports): Promise<(origin: DataOrigin) => boolean> {
  const [kept, backups] = await Promise.all([keptDatabases(ports), ports.backups.list()])
  return origin =>
    origin.kind === 'snapshot' ? kept.includes(origin.database) : backups.some(backup => backup.file === origin.file)
}

async function keptDatabases(ports: Ports): Promise<string[]> {
  return (await ports.database?.reachable()) === true ? ((await ports.database?.leftBehind()) ?? []) : []
}
