import type { EnvironmentConfig, ServerConfig } from '../../config/model.ts'
import type { Event } from '../../release/events.ts'
import type { DeploymentRecord, Plan } from '../../release/model.ts'
import type { BackupFile } from '../../release/ports.ts'
import type { Promotion, ProvenRelease } from '../../release/promotion.ts'
import type {
  Application,
  Attach,
  AttachRequest,
  BackupRequest,
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
import { endingSoon } from '../interruption.ts'
import { refuseCommit } from '../wiring/git-source.ts'
import { backupThere, execThere } from './ask-there.ts'
import { ProjectToSend } from './project-to-send.ts'
import { RemoteServer } from './remote-server.ts'
import { asksToEnd, leavingNotice } from './watch.ts'

/** One environment on a server: each call is answered by the real application there. */
export class RemoteApplication implements Application {
  readonly app: string
  readonly environment: string
  readonly #config: EnvironmentConfig
  readonly #there: RemoteServer

  constructor(
    config: EnvironmentConfig,
    server: ServerConfig,
    note: (text: string) => void = () => undefined,
    promotion?: Promotion,
  ) {
    this.app = config.app
    this.environment = config.environment
    this.#config = config
    this.#there = new RemoteServer({ config, server, project: new ProjectToSend(config, promotion), note })
  }

  plan({ signal, note, commit, ...asked }: PlanRequest): Promise<Plan> {
    refuseCommit(this.#config, commit)
    return this.#there.renamed(async () => {
      const session = await this.#there.withCode({ signal, ...(commit === undefined ? {} : { commit }) })
      return session.ask('plan', asked, { signal, told: told => note(told.note) })
    })
  }

  deploy({ signal, commit, ...deployment }: DeployRequest, emit: (event: Event) => void): Promise<DeploymentRecord> {
    refuseCommit(this.#config, commit)
    return this.#there.renamed(async () => {
      const session = await this.#there.forDeployment({ signal, ...(commit === undefined ? {} : { commit }) })
      const run = await this.#there.start(session, { act: 'deploy', ...deployment }, signal)
      return this.#there.follow(session, run, signal, emit)
    })
  }

  rollback({ signal, ...rollback }: RollbackRequest, emit: (event: Event) => void): Promise<DeploymentRecord> {
    return this.#there.renamed(async () => {
      const session = await this.#there.forRollback()
      const run = await this.#there.start(session, { act: 'rollback', rollback }, signal)
      return this.#there.follow(session, run, signal, emit)
    })
  }

  attach({ signal }: AttachRequest, emit: (event: Event) => void): Promise<DeploymentRecord> {
    return this.#there.renamed(async () => this.#there.follow(await this.#there.connected(), undefined, signal, emit))
  }

  resume(_request: ResumeRequest, emit: (event: Event) => void): Promise<DeploymentRecord | undefined> {
    return this.#there.renamed(async () => {
      const session = await this.#there.opened()
      return (await session.ask('resume', {}, { told: emit })) ?? undefined
    })
  }

  proven(): Promise<ProvenRelease> {
    return this.#there.renamed(async () => (await this.#there.opened()).ask('proven', {}))
  }

  status({ alert }: StatusRequest = { alert: false }): Promise<StatusReport> {
    return this.#there.renamed(async () => (await this.#there.opened()).ask('status', { alert }))
  }

  history(): Promise<DeploymentRecord[]> {
    return this.#there.renamed(async () => (await this.#there.opened()).ask('history', {}))
  }

  logs({ signal, ...request }: LogsRequest, write: (line: LogLine) => void): Promise<number> {
    return this.#there.renamed(async () => (await this.#there.opened()).ask('logs', request, { told: write, signal }))
  }

  exec(request: ExecRequest, attach: Attach): Promise<number> {
    return execThere(this.#there, request, attach)
  }

  backup(request: BackupRequest): Promise<BackupFile> {
    return backupThere(this.#there, request)
  }

  answerToInterrupt(signal: AbortSignal): string {
    return asksToEnd(signal) ? endingSoon : leavingNotice
  }

  close(): Promise<void> {
    return this.#there.close()
  }
}
