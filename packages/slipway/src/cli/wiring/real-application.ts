import type { ComposeDocument } from '../../config/document.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { execArgv } from '../../engine/exec-argv.ts'
import type { WaitingRoom } from '../../edge/hold.ts'
import type { Event } from '../../release/events.ts'
import type { DeploymentRecord, Plan } from '../../release/model.ts'
import { plannedSteps } from '../../release/planned-steps.ts'
import { rehearsePlan } from '../../release/rehearse-plan.ts'
import type { BackupFile, ContainerState, Ports, WarmNote } from '../../release/ports.ts'
import type { Promotion, ProvenRelease } from '../../release/promotion.ts'
import { recover, type RecoverOptions } from '../../release/recover.ts'
import { runDeployment } from '../../release/run.ts'
import { tend } from '../../release/tend.ts'
import { notePlace } from '../../store/places.ts'
import { fileReleases } from '../../store/releases.ts'
import type { Layout } from '../../store/layout.ts'
import { lockHolder, operator } from '../../store/lock.ts'
import { fileWarm } from '../../store/warm.ts'
import { fileJournal } from '../../store/journal.ts'
import { asSlipwayError, SlipwayError, type Problem } from '../../support/errors.ts'
import { redactor } from '../../support/redact.ts'
import type {
  Application,
  Attach,
  AttachRequest,
  BackupRequest,
  ContainerRequest,
  DeployRequest,
  ExecRequest,
  LogLine,
  LogsRequest,
  PlanRequest,
  ResumeRequest,
  RollbackRequest,
  StatusReport,
  StatusRequest,
} from '../application.ts'
import { recoveryPurpose } from '../guardian/lock.ts'
import { type Tending, takeTending, tending, untilReplaced } from '../tending/alone.ts'
import { startTending } from '../tending/start.ts'
import { Begun } from './begun.ts'
import { guardedPorts } from './guarded-ports.ts'
import { isHalfMade, removeHalfMade } from './half-made.ts'
import { secretsIn } from './known-secrets.ts'
import { followLogs } from './logs.ts'
import { forgetCheckout } from './checkouts.ts'
import { containerFor } from './container.ts'
import { dailyBackup } from './daily-backup.ts'
import { OpenDatabases } from './open-databases.ts'
import { realPorts, type Opened, type RealPorts } from './parts.ts'
import { firstDocument, savedDocument } from './first-document.ts'
import { basePlan, deploymentPlan, lookAt, rollbackPlan } from './plans.ts'
import { beginChecks } from './preflight.ts'
import { resolveSource, type ResolvedSource, type WantedSource } from './resolve.ts'
import { provenRelease } from './proven.ts'
import { redactedPorts } from './redacted-ports.ts'
import { alertStatus, statusReport } from './status.ts'

/** One environment on this machine, with everything real behind it. */
export class RealApplication implements Application {
  readonly app: string
  readonly environment: string
  readonly project: string
  private readonly config: EnvironmentConfig
  private readonly layout: Layout
  private readonly warnings: readonly Problem[]
  private readonly guardianRoom: WaitingRoom | undefined
  private readonly tending: Tending
  /** What is about to be deployed: before the first release, the Compose files may need it to be read at all. */
  private promotion: Promotion | undefined
  private readonly opened: Opened = { databases: new OpenDatabases(), begun: new Begun() }
  private source: ResolvedSource | undefined
  private redact = redactor([])

  /** With a room of its own it is a guardian, and starts none. `elsewhere`: has somebody look after a warm release. */
  constructor(
    config: EnvironmentConfig,
    layout: Layout,
    warnings: readonly Problem[],
    { room, elsewhere }: { room?: WaitingRoom; elsewhere?: () => Promise<boolean> } = {},
  ) {
    this.app = config.app
    this.environment = config.environment
    this.project = config.project
    this.config = config
    this.layout = layout
    this.warnings = warnings
    this.guardianRoom = room
    this.tending = tending(layout, () => startTending(config, layout, elsewhere))
  }

  plan(request: PlanRequest): Promise<Plan> {
    return this.guarded('The plan could not be made', async () => {
      this.promotion = request.promotion
      if (request.rehearse) return this.withEdge(ports => this.rehearsedPlan(ports, request))
      const ports = await this.ports()
      try {
        return await this.planDeployment(ports, request)
      } finally {
        if (this.source?.checkout !== undefined) await forgetCheckout(this.source.checkout)
      }
    })
  }

  /** `begins`: under the lock, when all is planned. Whoever finds the deployment cut off goes by what it has noted. */
  deploy(request: DeployRequest, emit: (event: Event) => void, begins?: Begins): Promise<DeploymentRecord> {
    const { signal, promotion } = request
    const purpose = promotion === undefined ? 'deploy' : `promote ${promotion.release} of ${promotion.from}`
    this.promotion = promotion
    this.follow(request)
    return this.run(`${purpose} to ${this.environment}`, signal, emit, async ports => {
      beginChecks(this.opened.begun, ports.appDatabase ?? ports.database)
      const plan = await this.planDeployment(ports, request)
      await begins?.()
      return plan
    })
  }

  rollback(request: RollbackRequest, emit: (event: Event) => void, begins?: Begins): Promise<DeploymentRecord> {
    this.follow(request)
    return this.run(`roll back ${this.environment}`, request.signal, emit, async ports => {
      const plan = await rollbackPlan(this.config, ports, request)
      await begins?.()
      return plan
    })
  }

  resume(_request: ResumeRequest, emit: (event: Event) => void): Promise<DeploymentRecord | undefined> {
    return this.guarded('The deployment that was cut off could not be ended', async () => {
      const unfinished = await fileJournal(this.layout).unfinished()
      if (unfinished === undefined && !(await isHalfMade(this.layout))) {
        await this.keepTended()
        return undefined
      }
      const record = await this.withEdge(ports => this.recover(ports, emit))
      await this.keepTended()
      return record
    })
  }

  /** Looks after the warm release until there is none; goes back to it when the one that serves does badly. */
  tend(signal: AbortSignal): Promise<void> {
    return this.guarded('The warm release could not be looked after', async () => {
      const alone = await takeTending(this.layout)
      if (alone === undefined) return
      const warm = fileWarm(this.layout)
      const replaced = untilReplaced(await warm.read(), warm)
      try {
        const ports = await this.guardedPorts()
        await tend(ports, {
          config: this.config,
          signal: AbortSignal.any([signal, replaced.signal]),
          goBack: (note, because) => this.goBack(note, because, signal),
          recover: async () =>
            void (await recover(
              ports,
              this.recoverOptions(ports, () => undefined),
            )),
        })
      } finally {
        replaced.stop()
        await alone.release()
      }
    })
  }

  proven(): Promise<ProvenRelease> {
    return this.guarded('What runs there could not be looked at', async () =>
      provenRelease(this.config, this.layout, await this.ports()),
    )
  }

  status({ alert }: StatusRequest = { alert: false }): Promise<StatusReport> {
    return this.guarded('The status could not be read', async () => {
      const ports = await this.ports()
      const report = await statusReport(this.config, this.layout, ports)
      const told = alert ? await alertStatus(report, ports, this.config) : undefined
      return told === undefined ? report : { ...report, alert: told }
    })
  }

  async history(): Promise<DeploymentRecord[]> {
    return (await fileJournal(this.layout).history()).toReversed()
  }

  logs(request: LogsRequest, write: (line: LogLine) => void): Promise<number> {
    return this.guarded('The logs could not be read', async () =>
      followLogs(request, await this.ports(), this.config.project, line =>
        write({ ...line, text: this.redact.text(line.text) }),
      ),
    )
  }

  exec({ command, terminal, ...wanted }: ExecRequest, attach: Attach): Promise<number> {
    return this.guarded('The command could not be run', async () => {
      const { id } = await this.container(wanted)
      return attach('docker', execArgv(id, command, terminal))
    })
  }

  /** Where a command would run. */
  container(wanted: ContainerRequest): Promise<ContainerState> {
    return this.guarded('No container could be found', async () =>
      containerFor(wanted, this.config, await this.ports()),
    )
  }

  backup(request: BackupRequest): Promise<BackupFile> {
    return this.guarded('The backup could not be made', async () => {
      const ports = await this.ports()
      const file = await dailyBackup(ports.backups, () => lockHolder(this.layout.lock), request)
      for (const gone of await ports.backups.prune()) request.note(`removed ${gone}`)
      return file
    })
  }

  attach(_request: AttachRequest, _emit: (event: Event) => void): Promise<DeploymentRecord> {
    return Promise.reject(
      new SlipwayError('USAGE', `${this.environment} is deployed by this machine itself, in the foreground`, {
        why: 'its slipway.yaml names no server for it',
        next: `slipway status ${this.environment} tells whether somebody deploys, slipway history how it ended.`,
      }),
    )
  }

  /** Of several servers: which deployment of the deciding one this is part of. */
  private follow({ agreementKey }: Pick<DeployRequest, 'agreementKey'>): void {
    if (agreementKey !== undefined) this.opened.agreementKey = agreementKey
  }

  private async goBack(note: WarmNote, because: string, signal: AbortSignal): Promise<boolean> {
    const record = await this.run(
      `go back to ${note.release} by itself`,
      signal,
      () => undefined,
      async ports => {
        const plan = await rollbackPlan(this.config, ports, { signal, release: note.release })
        // Under the lock: what was seen before it may be of a release that serves no more.
        if (plan.warm === true && (await ports.warm?.read())?.until === note.until) return { ...plan, because }
        throw new SlipwayError('NO_RELEASE', `${note.release} is not kept warm any more`)
      },
    )
    return record.outcome === 'deployed'
  }

  private run(
    purpose: string,
    signal: AbortSignal,
    emit: (event: Event) => void,
    makePlan: (ports: RealPorts) => Promise<Plan>,
  ): Promise<DeploymentRecord> {
    return this.guarded('The deployment could not begin', () =>
      this.withEdge(ports =>
        runDeployment(
          {
            purpose,
            signal,
            ...this.recoverOptions(ports, emit),
            makePlan: async () => {
              await removeHalfMade(this.config, this.layout, ports)
              await this.notePlace()
              return makePlan(ports)
            },
          },
          ports,
        ),
      ),
    )
  }

  /** For the start of the machine. Code that was sent here is looked after by its runner, which Docker starts again. */
  private async notePlace(): Promise<void> {
    if (this.config.source.kind === 'upload') return
    // Without it the next command ends what was cut off.
    await notePlace(this.layout, { configFile: this.config.file, environment: this.environment }).catch(() => undefined)
  }

  private async withEdge<T>(act: (ports: RealPorts) => Promise<T>): Promise<T> {
    const ports = await this.guardedPorts()
    const before = await ports.warm?.read()
    try {
      return await act(ports)
    } finally {
      const after = await ports.warm?.read()
      if (after !== undefined && after.until !== before?.until) this.tending.begin()
      await ports.edge.close(this.config.drain.limitMs)
      if (this.source?.checkout !== undefined) await forgetCheckout(this.source.checkout)
    }
  }

  /** Who looked after the warm release may have died, with the machine for instance. */
  private async keepTended(): Promise<void> {
    if ((await fileWarm(this.layout).read()) === undefined) return
    await this.tending.ensure()
  }

  private async recover(ports: Ports, emit: (event: Event) => void): Promise<DeploymentRecord | undefined> {
    const lock = await ports.lock.acquire(recoveryPurpose)
    try {
      const record = await recover(ports, this.recoverOptions(ports, emit))
      await removeHalfMade(this.config, this.layout, ports)
      return record
    } finally {
      await lock.release()
    }
  }

  /** Under the lock: its copy has the same name as that of a deployment. */
  private async rehearsedPlan(ports: RealPorts, request: PlanRequest): Promise<Plan> {
    const { signal, note } = request
    const lock = await ports.lock.acquire(`rehearse for ${this.environment}`)
    try {
      await recover(
        ports,
        this.recoverOptions(ports, () => undefined),
      )
      await removeHalfMade(this.config, this.layout, ports)
      const say = (text: string): void => note(this.redact.text(text))
      const plan = await rehearsePlan(await this.planDeployment(ports, request), ports, { signal, say })
      const rehearsal = plan.rehearsal === undefined ? {} : { rehearsal: this.redact.event(plan.rehearsal) }
      return { ...plan, ...rehearsal, steps: plannedSteps(plan) }
    } finally {
      await lock.release()
    }
  }

  private recoverOptions(ports: Ports, emit: (event: Event) => void): RecoverOptions {
    return {
      by: operator(),
      listen: event => emit(this.redact.event(event)),
      planOf: async () => basePlan(this.config, await ports.releases.current()),
    }
  }

  private async planDeployment(ports: Ports, wanted: WantedSource): Promise<Plan> {
    // While Compose reads its files, as these will hardly name another database.
    const { database } = ports
    const seen = lookAt(database)
    seen.catch(() => undefined)
    this.source = await resolveSource(this.config, this.layout, wanted)
    const { config, document } = this.source
    // The commit's own configuration counts from here on.
    const { edge: _edge, lock: _lock, ...others } = await this.portsFor(config, document)
    Object.assign(ports, others)
    return deploymentPlan(this.source, ports, ports.database === database ? seen : lookAt(ports.database))
  }

  private async guardedPorts(): Promise<RealPorts> {
    return { ...(await this.ports()), ...guardedPorts(this.config, this.layout, this.guardianRoom) }
  }

  private async ports(): Promise<RealPorts> {
    const current = await fileReleases(this.layout).current()
    const saved = current === undefined ? undefined : await savedDocument(current)
    const document = saved ?? (await firstDocument(this.config, this.layout, this.promotion))
    return this.portsFor(this.config, document)
  }

  private async portsFor(config: EnvironmentConfig, document: ComposeDocument): Promise<RealPorts> {
    const values = this.source?.secrets?.values
    const passwords = (this.source?.logins ?? []).map(each => each.password)
    this.redact = redactor([...(await secretsIn(config, document, values)), ...passwords])
    const ports = await realPorts(config, this.layout, document, () => this.source, this.opened)
    const { checks } = ports
    return {
      ...redactedPorts(ports, this.redact),
      checks: {
        preflight: async (plan, to) => [
          ...this.warnings.map(warning => `${warning.path}: ${warning.message}`),
          ...(await checks.preflight(plan, to)),
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

type Begins = () => Promise<void>
