import type { EnvironmentConfig, Placement } from '../../../config/model.ts'
import type { Event } from '../../../release/events.ts'
import type { DeploymentRecord, Plan } from '../../../release/model.ts'
import type { BackupFile } from '../../../release/ports.ts'
import type { ProvenRelease } from '../../../release/promotion.ts'
import type { RunId } from '../../../runner/names.ts'
import { proveNotCalledOff } from '../../../support/called-off.ts'
import { asSlipwayError, SlipwayError } from '../../../support/errors.ts'
import type {
  Application,
  Attach,
  AttachRequest,
  BackupRequest,
  Carried,
  DeployRequest,
  ExecRequest,
  LogLine,
  LogsRequest,
  PlanRequest,
  ResumeRequest,
  RollbackRequest,
  StatusReport,
  StatusRequest,
} from '../../application.ts'
import { endingSoon } from '../../interruption.ts'
import { refuseCommit } from '../../wiring/git-source.ts'
import type { WantedSource } from '../../wiring/resolve.ts'
import { backupThere, execThere } from '../ask-there.ts'
import type { RemoteServer } from '../remote-server.ts'
import type { Session } from '../session.ts'
import { asksToEnd, leavingNotice } from '../watch.ts'
import { carryOutTogether, followTogether, type Member, type Ordered } from './carry-out.ts'
import { planOfAll } from './plan.ts'
import { serverFor, serversWith } from './placed.ts'
import { provenByAll } from './proven.ts'
import { isAway } from './server-error.ts'
import { statusOfAll, type Seen } from './status.ts'

/** One environment on several servers: all of them are asked at once, and what the deciding one says counts. */
export class SeveralApplication implements Application {
  readonly app: string
  readonly environment: string
  readonly #config: EnvironmentConfig
  readonly #placement: Placement
  readonly #servers: readonly RemoteServer[]
  readonly #decides: RemoteServer
  readonly #note: (text: string) => void
  readonly #introduce: Introduce

  constructor({ config, placement, servers, note, introduce }: SeveralOptions) {
    this.app = config.app
    this.environment = config.environment
    this.#config = config
    this.#placement = placement
    this.#servers = servers
    this.#note = note
    this.#introduce = introduce
    const decides = servers.find(({ server }) => server.name === placement.decides)
    if (decides === undefined) throw new SlipwayError('BUG', 'No server decides')
    this.#decides = decides
  }

  async plan({ signal, note, commit, ...asked }: PlanRequest): Promise<Plan> {
    refuseCommit(this.#config, commit)
    const sessions = await this.#withCode((there, wanted) => there.withCode(wanted), signal, commit)
    const plans = await this.#all(async there => {
      // The rehearsal is the database's.
      const rehearse = asked.rehearse && there === this.#decides
      const told = (text: string): void => note(there === this.#decides ? text : `${there.server.name}: ${text}`)
      const session = sessionOf(sessions, there)
      return session.ask('plan', { ...asked, rehearse }, { signal, told: ({ note: text }) => told(text) })
    })
    return planOfAll(this.#placement, new Map(plans.map(([there, plan]) => [there.server.name, plan])))
  }

  async deploy({ signal, commit, ...deployment }: DeployRequest, emit: (event: Event) => void): Promise<Carried> {
    refuseCommit(this.#config, commit)
    const sessions = await this.#withCode((there, wanted) => there.forDeployment(wanted), signal, commit)
    return this.#carryOut(sessions, { act: 'deploy', ...deployment }, signal, emit)
  }

  async rollback({ signal, ...rollback }: RollbackRequest, emit: (event: Event) => void): Promise<Carried> {
    const sessions = new Map(await this.#all(there => there.forRollback()))
    return this.#carryOut(sessions, { act: 'rollback', rollback }, signal, emit)
  }

  async attach({ signal }: AttachRequest, emit: (event: Event) => void): Promise<Carried> {
    const endings = await this.#settled(there => there.connected())
    const sessions = new Map<RemoteServer, Session>()
    for (const { there, value, error } of endings) {
      if (value !== undefined) sessions.set(there, value)
      else if (there === this.#decides || !isAway(error)) throw error
      else this.#note(`${there.server.name} can not be reached: how it ends there is not shown`)
    }
    return followTogether(this.#members(sessions, signal), emit)
  }

  async resume({ everywhere }: ResumeRequest, emit: (event: Event) => void): Promise<DeploymentRecord | undefined> {
    const endings = await this.#settled(async there => {
      const on = { server: there.server.name, decides: there === this.#decides }
      const session = await there.opened()
      return (await session.ask('resume', {}, { told: event => emit({ ...event, on }) })) ?? undefined
    })
    for (const { there, error } of endings) {
      if (error === undefined) continue
      if (everywhere === true || there === this.#decides || !isAway(error)) throw error
      this.#note(`${there.server.name} can not be reached: what was cut off there is ended when it is back`)
    }
    const records = endings.flatMap(({ value }) => value ?? [])
    return endings.find(({ there }) => there === this.#decides)?.value ?? records[0]
  }

  async proven(): Promise<ProvenRelease> {
    const endings = await this.#settled(async there => (await there.opened()).ask('proven', {}))
    const seen = endings.map(({ there, ...seenThere }) => ({ server: there.server.name, ...seenThere }))
    return provenByAll(this.environment, this.#placement, seen)
  }

  async status({ alert }: StatusRequest = { alert: false }): Promise<StatusReport> {
    const endings = await this.#settled(async there => (await there.opened()).ask('status', { alert }))
    const seen = endings.map(
      ({ there, value, error }): Seen => ({
        server: there.server,
        ...(value === undefined ? {} : { report: value }),
        ...(error === undefined ? {} : { error }),
      }),
    )
    return statusOfAll(this.#placement, seen)
  }

  /** A deployment of all has its line in the journal of the one that decides. */
  history(): Promise<DeploymentRecord[]> {
    return this.#decides.renamed(async () => (await this.#decides.opened()).ask('history', {}))
  }

  async logs({ signal, ...request }: LogsRequest, write: (line: LogLine) => void): Promise<number> {
    const wanted = serversWith(request.service, this.#placement, this.#servers)
    const endings = await this.#settled(async there => {
      const server = there.server.name
      const session = await there.opened()
      return session.ask('logs', request, { told: line => write({ ...line, server }), signal })
    }, wanted)
    const failed = endings.find(({ error }) => error !== undefined)
    if (failed?.error !== undefined) throw failed.error
    return Math.max(0, ...endings.map(({ value }) => value ?? 0))
  }

  exec({ server, ...request }: ExecRequest, attach: Attach): Promise<number> {
    const there = serverFor({ ...request, server }, this.environment, this.#placement, this.#servers)
    return execThere(there, request, attach)
  }

  backup(request: BackupRequest): Promise<BackupFile> {
    return backupThere(this.#decides, request)
  }

  answerToInterrupt(signal: AbortSignal): string {
    return asksToEnd(signal) ? endingSoon : leavingNotice
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map(there => there.close()))
  }

  /** Nothing is started anywhere before all can be reached, have the code and know each other. */
  async #carryOut(
    sessions: ReadonlyMap<RemoteServer, Session>,
    order: Ordered,
    signal: AbortSignal,
    emit: (event: Event) => void,
  ): Promise<Carried> {
    await this.#introduce(new Map([...sessions].map(([there, session]) => [there.server.name, session])))
    proveNotCalledOff(signal)
    const others = this.#followers.map(({ server }) => server.name).join(', ')
    this.#note(`${this.#placement.decides} decides; with it ${this.#followers.length === 1 ? 'goes' : 'go'} ${others}`)
    return carryOutTogether(this.#members(sessions, signal), order, emit)
  }

  /** Code from Git is the same commit everywhere: the one that the deciding server finds. */
  async #withCode(
    open: (there: RemoteServer, wanted: WantedSource) => Promise<Session>,
    signal: AbortSignal,
    commit: string | undefined,
  ): Promise<Map<RemoteServer, Session>> {
    const wanted = { signal, ...(commit === undefined ? {} : { commit }) }
    if (this.#config.source.kind !== 'git' || commit !== undefined) {
      return new Map(await this.#all(there => open(there, wanted)))
    }
    const first = await this.#all(there => open(there, wanted), [this.#decides])
    const same = { signal, ...(this.#decides.commit === undefined ? {} : { commit: this.#decides.commit }) }
    return new Map([...first, ...(await this.#all(there => open(there, same), this.#followers))])
  }

  get #followers(): RemoteServer[] {
    return this.#servers.filter(there => there !== this.#decides)
  }

  #members(sessions: ReadonlyMap<RemoteServer, Session>, signal: AbortSignal) {
    const member = (there: RemoteServer): Member => {
      const session = sessionOf(sessions, there)
      const mayEnd = there === this.#decides
      return {
        name: there.server.name,
        start: order => there.renamed(() => there.start(session, order, signal)),
        follow: (run, emit) => there.renamed(() => there.follow(session, run, signal, emit, { mayEnd })),
        interrupt: async (run: RunId) => void (await session.ask('interrupt', { run })),
      }
    }
    const followers = this.#followers.filter(there => sessions.has(there))
    return { decides: member(this.#decides), followers: followers.map(member) }
  }

  /** Fails when one does: by then all have answered, so that all of them can be told. */
  async #all<T>(
    ask: (there: RemoteServer) => Promise<T>,
    servers: readonly RemoteServer[] = this.#servers,
  ): Promise<[RemoteServer, T][]> {
    const endings = await this.#settled(ask, servers)
    const failed = endings.flatMap(({ there, error }) => (error === undefined ? [] : [{ there, error }]))
    if (failed[0] !== undefined) throw notStarted(failed[0].error, failed)
    return endings.map(({ there, value }) => [there, value as T])
  }

  async #settled<T>(
    ask: (there: RemoteServer) => Promise<T>,
    servers: readonly RemoteServer[] = this.#servers,
  ): Promise<Settled<T>[]> {
    return Promise.all(
      servers.map(there =>
        there
          .renamed(() => ask(there))
          .then(
            value => ({ there, value }),
            (thrown: unknown) => ({ there, error: asSlipwayError(thrown, `${there.server.name} could not be asked`) }),
          ),
      ),
    )
  }
}

export interface SeveralOptions {
  config: EnvironmentConfig
  placement: Placement
  servers: readonly RemoteServer[]
  note(text: string): void
  introduce: Introduce
}

/** Makes the servers know each other: the others may ask the one that decides, and nothing else. */
export type Introduce = (sessions: ReadonlyMap<string, Session>) => Promise<void>

interface Settled<T> {
  there: RemoteServer
  value?: T
  error?: SlipwayError
}

function sessionOf(sessions: ReadonlyMap<RemoteServer, Session>, there: RemoteServer): Session {
  const session = sessions.get(there)
  if (session === undefined) throw new SlipwayError('BUG', `There is no session with ${there.server.name}`)
  return session
}

function notStarted(
  first: SlipwayError,
  failed: readonly { there: RemoteServer; error: SlipwayError }[],
): SlipwayError {
  const others = failed.slice(1).map(({ there, error }) => `${there.server.name}: ${error.message}`)
  return new SlipwayError(first.code, first.message, {
    why: [first.why, ...others].filter(text => text !== undefined).join('; '),
    state: 'nothing was started on any server',
    next: first.next,
    problems: first.problems,
    output: first.output,
    cause: first,
  })
}
