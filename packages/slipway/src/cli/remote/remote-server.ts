import { join } from 'node:path'
import type { EnvironmentConfig, ServerConfig } from '../../config/model.ts'
import type { Event } from '../../release/events.ts'
import type { DeploymentRecord } from '../../release/model.ts'
import type { Place } from '../../runner/container-argv.ts'
import { errorDocument, errorOf } from '../../runner/error-document.ts'
import { imageName } from '../../runner/image.ts'
import type { RunId } from '../../runner/names.ts'
import { pinnedKeysName } from '../../servers/ssh/pinned-keys.ts'
import { operatorFromHere } from '../../store/lock.ts'
import { proveNotCalledOff } from '../../support/called-off.ts'
import { asSlipwayError } from '../../support/errors.ts'
import { version } from '../version.ts'
import type { WantedSource } from '../wiring/resolve.ts'
import type { Calls } from './calls.ts'
import { proveClocksAgree } from './clocks.ts'
import { fetchThere } from './fetch-there.ts'
import { productFolder } from './product.ts'
import type { ProjectToSend } from './project-to-send.ts'
import { Session } from './session.ts'
import { withTrust } from './trust.ts'
import { Watch } from './watch.ts'

/** One server as the operator's side sees it: one connection to it at a time, over which the code goes and calls are made. */
export class RemoteServer {
  readonly server: ServerConfig
  readonly #config: EnvironmentConfig
  readonly #project: ProjectToSend
  readonly #note: (text: string) => void
  readonly #openSession: OpenSession
  #session: Promise<Session> | undefined
  #ready: Promise<void> | undefined
  #folderThere: string | undefined
  #commit: string | undefined

  constructor(
    { config, server, project, note }: RemoteServerOptions,
    openSession: OpenSession = (...options) => Session.open(...options),
  ) {
    this.server = server
    this.#config = config
    this.#project = project
    this.#note = note
    this.#openSession = openSession
  }

  /** What this server has fetched by itself: the full name of the commit. */
  get commit(): string | undefined {
    return this.#commit
  }

  /** For calls about what is deployed: by the configuration it was deployed with, if there is one. */
  async opened(): Promise<Session> {
    const session = await this.connected()
    this.#ready ??= (async () => {
      const { opened, folder } = await session.ask('open', {})
      if (opened) this.#folderThere = folder
      else await this.#send(session, {})
    })()
    await this.#ready
    return session
  }

  /** For calls about the code as it is here, which is read while the connection is made. */
  async withCode(wanted: WantedSource, meanwhile?: (session: Session) => Promise<void>): Promise<Session> {
    const session = (this.#session ??= this.#connect(this.#project.places(), wanted.signal))
    const prepared = session.then(meanwhile)
    const isSent = this.#config.source.kind !== 'git'
    await Promise.all([...(isSent ? [this.#project.read()] : []), prepared])
    await this.#send(await session, wanted)
    return session
  }

  /** The same for a deployment: a runner starts there meanwhile, and waits for its order. */
  forDeployment(wanted: WantedSource): Promise<Session> {
    return this.withCode(wanted, async session => {
      proveClocksAgree(session.hello, new Date(), this.server)
      await session.ask('arm', {})
    })
  }

  async forRollback(): Promise<Session> {
    const session = await this.connected()
    await Promise.all([this.opened(), session.ask('arm', {})])
    return session
  }

  /** Without the Compose files, which may have mistakes just when somebody wants to look. */
  connected(signal?: AbortSignal): Promise<Session> {
    return (this.#session ??= this.#connect(Promise.resolve(this.#project.folders()), signal))
  }

  /** Gives the runner that waits its order. */
  async start(session: Session, order: Ordered, signal: AbortSignal): Promise<RunId> {
    proveNotCalledOff(signal)
    return (await session.ask('start', { ...order, by: operatorFromHere() })).run
  }

  /** Follows a runner to its end, the newest one unless it is named. */
  follow(
    session: Session,
    run: RunId | undefined,
    signal: AbortSignal,
    emit: (event: Event) => void,
    options: { mayEnd?: boolean } = {},
  ): Promise<DeploymentRecord> {
    const watch = new Watch({
      ...options,
      run,
      signal,
      environment: this.#config.environment,
      server: this.server,
      note: this.#note,
      reconnect: () => this.#reconnected(),
    })
    return watch.toEnd(session, emit)
  }

  /** Folders of the server in an error are told as those that a person works in. */
  async renamed<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (thrown) {
      const error = asSlipwayError(thrown, `The server ${this.server.name} could not be asked`)
      const there = this.#folderThere
      if (there === undefined || error.code === 'BUG') throw error
      throw errorOf(errorDocument(error), text => text.replaceAll(there, this.#project.directory))
    }
  }

  async close(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await (await session?.catch(() => undefined))?.close()
  }

  async #send(session: Session, wanted: WantedSource): Promise<void> {
    const { source } = this.#config
    if (source.kind === 'git') {
      const given = { config: this.#config, source, ...wanted, note: this.#note }
      const { folder, commit } = await fetchThere(session, given)
      this.#folderThere = folder
      this.#commit = commit
      return
    }
    const { manifest, ...project } = await this.#project.read()
    const { directory, file } = this.#project
    const sent = await session.send(manifest, directory, { file, ...project })
    this.#folderThere = sent.folder
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
    const { project, environment, directory, placement } = this.#config
    const { name, home, runner } = this.server
    const ofSeveral = placement === undefined ? {} : { server: name }
    const place = Promise.all([places, runner ?? imageName(version, product)]).then(([paths, image]) => {
      return { image, home, ...paths, ...ofSeveral, project, environment }
    })
    const pinnedKeys = join(directory, pinnedKeysName)
    const options = { pinnedKeys, product, note: this.#note, ...(signal === undefined ? {} : { signal }) }
    return withTrust(this.server, pinnedKeys, () => this.#openSession(this.server, place, options))
  }
}

export interface RemoteServerOptions {
  config: EnvironmentConfig
  server: ServerConfig
  project: ProjectToSend
  note: (text: string) => void
}

type OpenSession = typeof Session.open
type Ordered = Omit<Calls['start']['sent'], 'by'>
