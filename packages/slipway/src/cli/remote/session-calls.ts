import { basename, dirname, join } from 'node:path'
import { agreementPlace } from '../../runner/agreement/place.ts'
import { keepWay } from '../../runner/agreement/way.ts'
import { readDeployed } from '../../runner/deployed.ts'
import { removeLeftOrders } from '../../runner/left-orders.ts'
import { ownPlace, proveMounted } from '../../runner/place.ts'
import type { Order } from '../../runner/runs.ts'
import { openUpload, type Upload } from '../../runner/uploads.ts'
import { takeOver } from '../../secrets/handed-over.ts'
import { layout, type Layout } from '../../store/layout.ts'
import { asSlipwayError, SlipwayError } from '../../support/errors.ts'
import { openLoaded } from '../wiring/open-here.ts'
import { backupsDirectory } from '../wiring/database.ts'
import type { RealApplication } from '../wiring/real-application.ts'
import { takePasswords } from '../wiring/registries.ts'
import { loadHere } from '../wiring/uploaded.ts'
import type { Calls, CallName, Project, Variables } from './calls.ts'
import { admitFollowers, followerKey } from './agreement-calls.ts'
import { FetchedCode } from './fetched-code.ts'
import { endCutOff } from './cut-off.ts'
import { leaveToItsRunner, otherRunnerLives } from './its-runner.ts'
import { armRun, disarmRun, followRun, interruptRun, startRun, takeUpAgain, type Armed } from './run-calls.ts'

/** The calls of one session, answered by the real application of this server. */
export class SessionCalls {
  readonly #project: string
  readonly #environment: string
  readonly #layout: Layout
  #upload: Upload | undefined
  #uploadFailure: SlipwayError | undefined
  #fetched: FetchedCode | undefined
  #opened: Opened | undefined
  #armed: Armed | undefined

  constructor(project: string, environment: string) {
    this.#project = project
    this.#environment = environment
    this.#layout = layout(project)
  }

  has(name: string): name is CallName {
    return Object.hasOwn(this.#handlers, name)
  }

  answer(
    name: CallName,
    sent: unknown,
    told: (value: unknown) => Promise<void>,
    signal: AbortSignal,
  ): Promise<unknown> {
    const handler = this.#handlers[name] as (
      sent: unknown,
      told: (value: unknown) => Promise<void>,
      signal: AbortSignal,
    ) => Promise<unknown>
    return handler(sent, told, signal)
  }

  /** A piece that is refused is told with the call that follows the last one. */
  async piece(sha256: string, bytes: Uint8Array, isLast: boolean): Promise<void> {
    if (this.#uploadFailure !== undefined) return
    await this.#upload?.piece(sha256, bytes, isLast).catch((thrown: unknown) => {
      this.#uploadFailure = asSlipwayError(thrown, 'The code could not be written', 'UPLOAD_FAILED')
    })
  }

  async close(): Promise<void> {
    await this.#upload?.abandon()
    await this.#fetched?.abandon()
    if (this.#armed !== undefined) await disarmRun(this.#armed, this.#target)
    // Of sessions that were killed. What can not be removed now is looked at again by the next one.
    await removeLeftOrders(this.#layout.runs).catch(() => undefined)
  }

  readonly #handlers: Handlers = {
    offer: async ({ manifest }) => {
      await this.#upload?.abandon()
      this.#uploadFailure = undefined
      this.#upload = await openUpload(this.#layout.uploads, manifest)
      return { needed: [...this.#upload.needed] }
    },
    accept: async sent => ({ folder: await this.#accept(sent) }),
    fetch: async (request, _told, signal) => {
      await this.#fetched?.abandon()
      const who = { project: this.#project, environment: this.#environment }
      this.#fetched = await FetchedCode.fetch(this.#layout, who, request, signal)
      return this.#fetched.answer
    },
    take: async ({ file, environmentFile, ...given }) => {
      if (this.#fetched === undefined) throw new SlipwayError('BUG', 'Nothing was fetched')
      const folder = await this.#fetched.take(environmentFile)
      this.#fetched = undefined
      await this.#openGiven(join(folder, basename(file)), given)
      return { folder }
    },
    open: async () => {
      const deployed = await readDeployed(this.#layout)
      if (deployed === undefined) return { opened: false }
      await this.#openAt(deployed.configFile, deployed.variables)
      return { opened: true, folder: dirname(deployed.configFile) }
    },
    plan: async (request, told, signal) => {
      const { application, ordered } = this.#ready
      // It takes the lock, and ends what was cut off before.
      if (request.rehearse) {
        await endCutOff(this.#layout, { ...ordered, environment: this.#environment }, () => undefined)
      }
      return application.plan({ ...request, signal, note: note => void told({ note }) })
    },
    proven: () => this.#application.proven(),
    status: ({ alert }) => this.#application.status({ alert }),
    history: () => this.#application.history(),
    logs: (request, told, signal) => this.#application.logs({ ...request, signal }, line => void told(line)),
    container: async request => ({ id: (await this.#application.container(request)).id }),
    // Nobody has to be there for these to come to their end.
    backup: (_sent, told) => this.#application.backup({ signal: never(), note: note => void told({ note }) }),
    resume: async (_sent, told) => {
      await leaveToItsRunner(this.#layout, () => otherRunnerLives(this.#project))
      return (await this.#application.resume({ signal: never() }, event => void told(event))) ?? null
    },
    followerKey: async () => ({ publicKey: await followerKey(this.#layout, this.#project) }),
    admit: ({ followers }) => admitFollowers(this.#layout, this.#project, followers),
    introduce: async ({ way }) => {
      await keepWay(agreementPlace(this.#layout).way, way)
      return null
    },
    arm: async () => {
      this.#armed ??= await armRun(this.#target)
      return { run: this.#armed.run }
    },
    start: async request => {
      const { ordered } = this.#ready
      const armed = this.#armed ?? (await armRun(this.#target))
      this.#armed = undefined
      return {
        run: await startRun(armed, { ...request, ...ordered, environment: this.#environment }, this.#target),
      }
    },
    interrupt: async ({ run }) => interruptRun(run, this.#target),
    follow: ({ run, from }, told, signal) => followRun(run, from, told, signal, this.#target),
  }

  get #target() {
    return { project: this.#project, layout: this.#layout }
  }

  get #application(): RealApplication {
    return this.#ready.application
  }

  get #ready(): Opened {
    if (this.#opened !== undefined) return this.#opened
    throw new SlipwayError('BUG', 'The session was asked about code before it was sent any')
  }

  async #accept({ file, commit, ...given }: Project): Promise<string> {
    if (this.#uploadFailure !== undefined) throw this.#uploadFailure
    if (this.#upload === undefined) throw new SlipwayError('BUG', 'Nothing was offered')
    const folder = await this.#upload.finish(commit)
    this.#upload = undefined
    await this.#openGiven(join(folder, file), given)
    return folder
  }

  async #openGiven(configFile: string, { variables, passwords, secrets }: Given): Promise<void> {
    takeOver(secrets)
    takePasswords(passwords)
    const told = { ...(passwords === undefined ? {} : { passwords }), ...(secrets === undefined ? {} : { secrets }) }
    await this.#openAt(configFile, variables, told)
  }

  async #openAt(
    configFile: string,
    variables: Variables,
    told: Pick<Order, 'passwords' | 'secrets'> = {},
  ): Promise<void> {
    // This process is for this one environment.
    Object.assign(process.env, variables)
    const loaded = await loadHere(configFile, this.#environment)
    const { config } = loaded
    if (config.project !== this.#project) {
      throw new SlipwayError('BUG', `${configFile} is of ${config.project}, the session of ${this.#project}`)
    }
    const place = ownPlace()
    if (place !== undefined) proveMounted(backupsDirectory(config, this.#layout), place)
    this.#opened = {
      ordered: { configFile, variables, ...told },
      application: openLoaded(loaded, () => takeUpAgain(this.#target)),
    }
  }
}

type Handlers = {
  [Name in CallName]: (
    sent: Calls[Name]['sent'],
    told: (value: Calls[Name]['told']) => Promise<void>,
    signal: AbortSignal,
  ) => Promise<Calls[Name]['answer']>
}

/** What only the operator's side has. */
type Given = Pick<Project, 'variables' | 'passwords' | 'secrets'>

interface Opened {
  ordered: Pick<Order, 'configFile' | 'variables' | 'passwords' | 'secrets'>
  application: RealApplication
}

function never(): AbortSignal {
  return new AbortController().signal
}
