import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ComposeDocument } from '../../config/document.ts'
import { readCompose } from '../../config/compose.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { migrationFingerprintOf } from '../../engine/fetch.ts'
import { files } from '../../engine/names.ts'
import type { Event } from '../../release/events.ts'
import type { DataOrigin, DeploymentRecord, Plan } from '../../release/model.ts'
import { planDeployment, planRollback } from '../../release/plan.ts'
import { plannedSteps } from '../../release/planned-steps.ts'
import type { BackupFile, Ports } from '../../release/ports.ts'
import { runDeployment } from '../../release/run.ts'
import { fileReleases } from '../../store/releases.ts'
import type { Layout } from '../../store/layout.ts'
import { operator } from '../../store/lock.ts'
import { asSlipwayError, type Problem } from '../../support/errors.ts'
import { redactor, secretsOf } from '../../support/redact.ts'
import { readIfPresent } from '../../support/files.ts'
import type {
  Application,
  BackupRequest,
  DeployRequest,
  LogLine,
  LogsRequest,
  PlanRequest,
  RollbackRequest,
  StatusReport,
} from '../application.ts'
import { followLogs } from './logs.ts'
import { realPorts, type RealPorts } from './parts.ts'
import { forgetCheckout, resolveSource, type ResolvedSource } from './resolve.ts'
import { statusReport } from './status.ts'

/** One environment on this machine, with everything real behind it. */
export class RealApplication implements Application {
  readonly app: string
  readonly environment: string
  private readonly config: EnvironmentConfig
  private readonly layout: Layout
  private readonly warnings: readonly Problem[]
  private source: ResolvedSource | undefined
  private redact = redactor([])

  constructor(config: EnvironmentConfig, layout: Layout, warnings: readonly Problem[]) {
    this.app = config.app
    this.environment = config.environment
    this.config = config
    this.layout = layout
    this.warnings = warnings
  }

  plan(_request: PlanRequest): Promise<Plan> {
    return this.guarded('The plan could not be made', async () => {
      const ports = await this.ports()
      try {
        return await this.planDeployment(ports)
      } finally {
        if (this.source !== undefined) await forgetCheckout(this.source)
      }
    })
  }

  deploy(request: DeployRequest, emit: (event: Event) => void): Promise<DeploymentRecord> {
    return this.run(`deploy to ${this.environment}`, request.signal, emit, ports => this.planDeployment(ports))
  }

  rollback(request: RollbackRequest, emit: (event: Event) => void): Promise<DeploymentRecord> {
    return this.run(`roll back ${this.environment}`, request.signal, emit, ports => this.planRollback(ports, request))
  }

  status(): Promise<StatusReport> {
    return this.guarded('The status could not be read', async () =>
      statusReport(this.config, this.layout, await this.ports()),
    )
  }

  async history(): Promise<DeploymentRecord[]> {
    return (await (await this.ports()).journal.history()).toReversed()
  }

  logs(request: LogsRequest, write: (line: LogLine) => void): Promise<number> {
    return this.guarded('The logs could not be read', async () =>
      followLogs(request, await this.ports(), this.config.project, line =>
        write({ ...line, text: this.redact.text(line.text) }),
      ),
    )
  }

  backup(request: BackupRequest): Promise<BackupFile> {
    return this.guarded('The backup could not be made', async () => {
      const ports = await this.ports()
      const file = await ports.backups.create('daily', request.note)
      for (const gone of await ports.backups.prune()) request.note(`removed ${gone}`)
      return file
    })
  }

  private run(
    purpose: string,
    signal: AbortSignal,
    emit: (event: Event) => void,
    makePlan: (ports: Ports) => Promise<Plan>,
  ): Promise<DeploymentRecord> {
    return this.guarded('The deployment could not begin', async () => {
      const ports = await this.ports()
      const by = operator()
      const listen = (event: Event) => emit(this.redact.event(event))
      try {
        return await runDeployment(
          {
            purpose,
            by,
            signal,
            listen,
            makePlan: () => makePlan(ports),
            planOf: async () => basePlan(this.config, await ports.releases.current()),
          },
          ports,
        )
      } finally {
        await ports.edge.close(this.config.drain.limitMs)
        if (this.source !== undefined) await forgetCheckout(this.source)
      }
    })
  }

  private async planDeployment(ports: Ports): Promise<Plan> {
    this.source = await resolveSource(this.config, this.layout)
    const { config, document, services, commit } = this.source
    // The commit's own configuration counts from here on.
    const { edge: _edge, lock: _lock, ...others } = await this.portsFor(config, document)
    Object.assign(ports, others)
    const [current, history, migrationFingerprint] = await Promise.all([
      ports.releases.current(),
      ports.journal.history(),
      migrationFingerprintOf(config),
    ])
    const reachable = (await ports.database?.reachable()) === true
    const plan = planDeployment({
      config,
      services: services.map(service => ({ ...service, builds: document.services[service.name]?.build !== undefined })),
      commit,
      current,
      migrationFingerprint,
      history,
      database: reachable ? await ports.database?.state() : undefined,
    })
    return { ...plan, steps: plannedSteps(plan) }
  }

  private async planRollback(ports: Ports, request: RollbackRequest): Promise<Plan> {
    const [current, releases, history, kept, backups] = await Promise.all([
      ports.releases.current(),
      ports.releases.all(),
      ports.journal.history(),
      keptDatabases(ports),
      ports.backups.list(),
    ])
    const existing = (origin: DataOrigin) =>
      origin.kind === 'snapshot' ? kept.includes(origin.database) : backups.some(backup => backup.file === origin.file)
    const plan = planRollback({
      config: this.config,
      current,
      wanted: request.release,
      releases,
      history,
      asked: request.data,
      confirmed: request.confirm === this.app,
      existing,
    })
    return { ...plan, steps: plannedSteps(plan) }
  }

  private async ports(): Promise<RealPorts> {
    const current = await fileReleases(this.layout).current()
    const saved = current === undefined ? undefined : await readIfPresent(join(current.directory, files.document))
    const document = saved === undefined ? await this.documentOfNow() : (JSON.parse(saved) as ComposeDocument)
    return this.portsFor(this.config, document)
  }

  /** Before the first release there is only what the folder says, and from Git perhaps not even that. */
  private async documentOfNow(): Promise<ComposeDocument> {
    if (this.config.source.kind === 'git') return { services: {} }
    return (await readCompose(this.config)) as unknown as ComposeDocument
  }

  private async portsFor(config: EnvironmentConfig, document: ComposeDocument): Promise<RealPorts> {
    this.redact = redactor(await secretsIn(config, document))
    const ports = await realPorts(config, this.layout, document, () => this.source)
    const { journal, checks } = ports
    return {
      ...ports,
      journal: {
        ...journal,
        open: async id => {
          const opened = await journal.open(id)
          return { ...opened, append: event => opened.append(this.redact.event(event)) }
        },
      },
      checks: {
        preflight: async plan => [
          ...this.warnings.map(warning => `${warning.path}: ${warning.message}`),
          ...(await checks.preflight(plan)),
        ],
      },
    }
  }

  /** Whatever is thrown leaves as a SlipwayError without secrets. */
  private async guarded<T>(attempted: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (thrown) {
      throw this.redact.error(asSlipwayError(thrown, attempted))
    }
  }
}

async function keptDatabases(ports: Ports): Promise<string[]> {
  return (await ports.database?.reachable()) === true ? ((await ports.database?.leftBehind()) ?? []) : []
}

async function secretsIn(config: EnvironmentConfig, document: ComposeDocument): Promise<string[]> {
  const secrets: string[] = []
  for (const service of Object.values(document.services)) {
    const environment = Object.entries(service.environment ?? {}).map(([name, value]) => [
      name,
      (value ?? '').replaceAll('$$', '$'),
    ])
    secrets.push(...secretsOf(Object.fromEntries(environment) as Record<string, string>))
  }
  for (const secret of Object.values(document.secrets ?? {})) {
    const text = secret.file === undefined ? '' : await readFile(secret.file, 'utf8').catch(() => '')
    if (text.length < 4096) secrets.push(text.trim())
  }
  const names = new Set<string | undefined>([
    config.app,
    config.project,
    config.database?.service,
    config.database?.name,
    config.database?.user,
  ])
  return secrets.filter(secret => !names.has(secret))
}

/** Recovery takes the releases from the journal; the rest of the plan only needs to be of this environment. */
function basePlan(config: EnvironmentConfig, current: Plan['current']): Plan {
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
