import { join } from 'node:path'
import type { EnvironmentConfig, ServerConfig } from '../../config/model.ts'
import { execArgv } from '../../engine/exec-argv.ts'
import type { Event } from '../../release/events.ts'
import type { DeploymentRecord, Plan } from '../../release/model.ts'
import type { BackupFile } from '../../release/ports.ts'
import type { Promotion, ProvenRelease } from '../../release/promotion.ts'
import { errorDocument, errorOf } from '../../runner/error-document.ts'
import type { Place } from '../../runner/container-argv.ts'
import { imageName } from '../../runner/image.ts'
import type { Order } from '../../runner/runs.ts'
import { pinnedKeysName } from '../../servers/ssh/pinned-keys.ts'
import { operatorFromHere } from '../../store/lock.ts'
import { asSlipwayError, SlipwayError } from '../../support/errors.ts'
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
import type { WantedSource } from '../wiring/resolve.ts'
import { version } from '../version.ts'
import { proveClocksAgree } from './clocks.ts'
import { asksToEnd, leavingNotice, Watch } from './watch.ts'
import { productFolder } from './product.ts'
import { ProjectToSend } from './project-to-send.ts'
import { fetchThere } from './fetch-there.ts'
import { Session } from './session.ts'
import { withTrust } from './trust.ts'

/** One environment on a server: each call is answered by the real application there. */
export class RemoteApplication implements Application {
  readonly app: string
  readonly environment: string
  readonly #config: EnvironmentConfig
  readonly #server: ServerConfig
  readonly #project: ProjectToSend
  readonly #note: (text: string) => void
  #session: Promise<Session> | undefined
  #ready: Promise<void> | undefined
  #folderThere: string | undefined

  constructor(
    config: EnvironmentConfig,
    server: ServerConfig,
    note: (text: string) => void = () => undefined,
    promotion?: Promotion,
  ) {
    this.app = config.app
    this.environment = config.environment
    this.#config = config
    this.#server = server
    this.#project = new ProjectToSend(config, promotion)
    this.#note = note
  }

  plan({ signal, note, commit, ...asked }: PlanRequest): Promise<Plan> {
    refuseCommit(this.#config, commit)
    return this.#renamed(async () => {
      const session = await this.#withCode({ signal, ...(commit === undefined ? {} : { commit }) })
      return session.ask('plan', asked, { signal, told: told => note(told.note) })
    })
  }

  deploy({ signal, commit, ...deployment }: DeployRequest, emit: (event: Event) => void): Promise<DeploymentRecord> {
    refuseCommit(this.#config, commit)
    return this.#renamed(async () => {
      const wanted = { signal, ...(commit === undefined ? {} : { commit }) }
      const session = await this.#withCode(wanted, async begun => {
        proveClocksAgree(begun.hello, new Date(), this.#server)
        await begun.ask('arm', {})
      })
      return this.#start(session, { act: 'deploy', ...deployment }, signal, emit)
    })
  }

  rollback({ signal, ...rollback }: RollbackRequest, emit: (event: Event) => void): Promise<DeploymentRecord> {
    return this.#renamed(async () => {
      const session = await this.#connected()
      await Promise.all([this.#opened(), session.ask('arm', {})])
      return this.#start(session, { act: 'rollback', rollback }, signal, emit)
    })
  }

  attach({ signal }: AttachRequest, emit: (event: Event) => void): Promise<DeploymentRecord> {
    return this.#renamed(async () => this.#watch(undefined, signal).toEnd(await this.#connected(), emit))
  }

  resume(_request: ResumeRequest, emit: (event: Event) => void): Promise<DeploymentRecord | undefined> {
    return this.#renamed(async () => {
      const session = await this.#opened()
      return (await session.ask('resume', {}, { told: emit })) ?? undefined
    })
  }

  proven(): Promise<ProvenRelease> {
    return this.#renamed(async () => (await this.#opened()).ask('proven', {}))
  }

  status({ alert }: StatusRequest = { alert: false }): Promise<StatusReport> {
    return this.#renamed(async () => (await this.#opened()).ask('status', { alert }))
  }

  history(): Promise<DeploymentRecord[]> {
    return this.#renamed(async () => (await this.#opened()).ask('history', {}))
  }

  logs({ signal, ...request }: LogsRequest, write: (line: LogLine) => void): Promise<number> {
    return this.#renamed(async () => (await this.#opened()).ask('logs', request, { told: write, signal }))
  }

  exec({ command, terminal, ...wanted }: ExecRequest, attach: Attach): Promise<number> {
    return this.#renamed(async () => {
      const session = await this.#opened()
      const { id } = await session.ask('container', wanted)
      return session.attach(['docker', ...execArgv(id, command, terminal)], terminal, attach)
    })
  }

  backup({ note }: BackupRequest): Promise<BackupFile> {
    return this.#renamed(async () => (await this.#opened()).ask('backup', {}, { told: told => note(told.note) }))
  }

  answerToInterrupt(signal: AbortSignal): string {
    return asksToEnd(signal) ? endingSoon : leavingNotice
  }

  async close(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await (await session?.catch(() => undefined))?.close()
  }

  async #start(
    session: Session,
    order: Pick<Order, 'act' | 'rollback' | 'promotion'>,
    signal: AbortSignal,
    emit: (event: Event) => void,
  ): Promise<DeploymentRecord> {
    if (signal.aborted) throw new SlipwayError('INTERRUPTED', 'Interrupted', { state: 'nothing was changed' })
    const { run } = await session.ask('start', { ...order, by: operatorFromHere() })
    return this.#watch(run, signal).toEnd(session, emit)
  }

  #watch(run: string | undefined, signal: AbortSignal): Watch {
    return new Watch({
      run,
      signal,
      environment: this.environment,
      server: this.#server,
      note: this.#note,
      reconnect: () => this.#reconnected(),
    })
  }

  /** For calls about what is deployed: by the configuration it was deployed with, if there is one. */
  async #opened(): Promise<Session> {
    const session = await this.#connected()
    this.#ready ??= (async () => {
      const { opened, folder } = await session.ask('open', {})
      if (opened) this.#folderThere = folder
      else await this.#send(session, {})
    })()
    await this.#ready
    return session
  }

  /** For calls about the code as it is here, which is read while the connection is made. */
  async #withCode(wanted: WantedSource, meanwhile?: (session: Session) => Promise<void>): Promise<Session> {
    const session = (this.#session ??= this.#connect(this.#project.places(), wanted.signal))
    const prepared = session.then(meanwhile)
    const isSent = this.#config.source.kind !== 'git'
    await Promise.all([...(isSent ? [this.#project.read()] : []), prepared])
    await this.#send(await session, wanted)
    return session
  }

  async #send(session: Session, wanted: WantedSource): Promise<void> {
    const { source } = this.#config
    if (source.kind === 'git') {
      this.#folderThere = await fetchThere(session, { config: this.#config, source, ...wanted, note: this.#note })
      return
    }
    const { manifest, ...project } = await this.#project.read()
    const { directory, file } = this.#project
    const sent = await session.send(manifest, directory, { file, ...project })
    this.#folderThere = sent.folder
  }

  /** Without the Compose files, which may have mistakes just when somebody wants to look. */
  #connected(): Promise<Session> {
    return (this.#session ??= this.#connect(Promise.resolve(this.#project.folders())))
  }

  async #reconnected(): Promise<Session> {
    await this.close().catch(() => undefined)
    this.#ready = undefined
    this.#session = undefined
    const session = await this.#connect(Promise.resolve(this.#project.folders()))
    this.#session = Promise.resolve(session)
    return session
  }

  #connect(places: Promise<Pick<Place, 'folders' | 'files'>>, signal?: AbortSignal): Promise<Session> {
    const product = productFolder()
    const { project, environment, directory } = this.#config
    const { home, runner } = this.#server
    const place = Promise.all([places, runner ?? imageName(version, product)]).then(([paths, image]) => {
      return { image, home, ...paths, project, environment }
    })
    const pinnedKeys = join(directory, pinnedKeysName)
    const options = { pinnedKeys, product, note: this.#note, ...(signal === undefined ? {} : { signal }) }
    return withTrust(this.#server, pinnedKeys, () => Session.open(this.#server, place, options))
  }

  /** Folders of the server in an error are told as those that a person works in. */
  async #renamed<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (thrown) {
      const error = asSlipwayError(thrown, `The server ${this.#server.name} could not be asked`)
      const there = this.#folderThere
      if (there === undefined || error.code === 'BUG') throw error
      throw errorOf(errorDocument(error), text => text.replaceAll(there, this.#project.directory))
    }
  }
}
