import type { EnvironmentConfig } from '../../../src/config/model.ts'
import type { DataOrigin, DeploymentRecord, Plan, ReleaseId } from '../../../src/release/model.ts'
import { planDeployment, planRollback } from '../../../src/release/plan.ts'
import type { Ports } from '../../../src/release/ports.ts'
import { runDeployment } from '../../../src/release/run.ts'
import type { AgreementKey } from '../../../src/release/several/agreement.ts'
import { asSlipwayError, SlipwayError } from '../../../src/support/errors.ts'
import { fingerprintOf, makeRelease, services as allServices, type Image, type Migration } from '../schedules/image.ts'
import { basePlan } from '../schedules/command.ts'
import { live } from '../schedules/databases.ts'
import { checkAtRest, checkKeptData } from '../schedules/invariants.ts'
import { SlipwayProcess } from '../schedules/process.ts'
import { unfinished } from '../schedules/simulated-ports.ts'
import { quiescence, withTimersOf } from '../schedules/virtual-time.ts'
import { config as usual } from '../sample-config.ts'
import { Fleet, type FleetServer } from './fleet.ts'
import { fleetPorts } from './fleet-ports.ts'
import { calm, type FleetDeployment, type FleetFault, type Outage, type Story } from './story.ts'

export interface PlayedStory {
  violations: string[]
  told: string[]
  /** How each deployment ended on each server. */
  outcomes: (string | undefined)[][]
  /** Faults at calls that were never made. */
  unused: FleetFault[]
}

/** Tells a story to a fresh fleet. Real deployments run on all its servers at once, in virtual time. */
export async function playFleet(story: Story, isTold = false): Promise<PlayedStory> {
  const fleet = new Fleet(story.servers, story.shape)
  const player = new FleetPlayer(fleet, isTold)
  await withTimersOf(fleet.common.time, () => player.play(story))
  return { violations: fleet.common.violations, told: player.told, outcomes: player.outcomes, unused: player.unused }
}

class FleetPlayer {
  readonly told: string[] = []
  readonly outcomes: (string | undefined)[][] = []
  readonly unused: FleetFault[] = []
  private readonly fleet: Fleet
  private readonly isTold: boolean
  private readonly seen = new Map<string, Set<string>>()
  private migrations: readonly Migration[] = []
  private contents = 0

  constructor(fleet: Fleet, isTold: boolean) {
    this.fleet = fleet
    this.isTold = isTold
  }

  async play({ deployments, isLastLate }: Story): Promise<void> {
    const last = this.fleet.servers.at(-1)
    if (isLastLate && last !== undefined) last.isMember = false
    await this.deploy({ ...calm, migration: 'compatible' })
    if (isLastLate && last !== undefined) {
      last.isMember = true
      last.isNew = true
    }
    for (const deployment of deployments) await this.deploy(deployment)
    const ended = await this.deploy({ ...calm, migration: 'compatible' })
    if (ended.some(outcome => outcome !== 'deployed'))
      this.fleet.deciding.violate(`stuck: a good release is ${ended.join(', ')}`)
  }

  private async deploy(deployment: FleetDeployment): Promise<(string | undefined)[]> {
    const { fleet } = this
    const before = fleet.deciding.current
    const under = new UnderWay(fleet, deployment, this.repository(deployment), this.isTold)
    await under.toEnd()
    this.unused.push(...deployment.faults.filter(fault => !under.happened.has(fault)))
    this.told.push(JSON.stringify(deployment), ...under.told)
    for (const server of fleet.members) {
      server.disturbed = false
      const seen = this.seen.get(server.name) ?? new Set()
      this.seen.set(server.name, seen)
      checkServer(server, seen)
    }
    this.checkAlike(before)
    this.keepMigrations()
    const outcomes = fleet.members.map(server => {
      const record = under.records.get(server.name)
      return record?.doubt === undefined ? record?.outcome : `${record.outcome}, with a doubt`
    })
    this.outcomes.push(outcomes)
    this.told.push(`  = ${fleet.servers.map(server => `${server.name} ${server.picture()}`).join(' | ')}`)
    return outcomes
  }

  /** All switch or none. */
  private checkAlike(before: ReleaseId | undefined): void {
    const { deciding, members } = this.fleet
    // All old is nothing for a server that was only just added.
    const isOld = deciding.current === before
    const compared = members.filter(server => !(isOld && server.isNew && server.current === undefined))
    const versions = compared.map(server =>
      server.current === undefined
        ? 'nothing'
        : `${server.current} ${server.releases.get(server.current)?.fingerprint}`,
    )
    if (new Set(versions).size > 1) this.fleet.deciding.violate(`at rest the servers differ: ${versions.join(', ')}`)
  }

  private newest: readonly Migration[] = []

  private keepMigrations(): void {
    const database = this.fleet.common.databases.get(live)
    const added = this.newest.at(-1)
    if (added !== undefined && (database?.applied.has(added.id) === true || database?.half.has(added.id) === true))
      this.migrations = this.newest
  }

  private repository({ content, migration, migrator, state }: FleetDeployment): Code {
    const { current } = this.fleet.deciding
    const serving = current === undefined ? undefined : this.fleet.deciding.releases.get(current)
    const image = current === undefined ? undefined : this.fleet.deciding.images.get(current)
    if (content === 'same' && serving !== undefined && image !== undefined) {
      return { content: serving.version, migrations: image.migrations, migrator, state: serving.stateFingerprint }
    }
    this.contents += 1
    const added: Migration = { id: `m${this.contents}`, compatible: migration === 'compatible' }
    this.newest = migration === 'none' ? this.migrations : [...this.migrations, added]
    return {
      content: `v${this.contents}`,
      migrations: this.newest,
      migrator,
      state: state === 'changed' ? `state ${this.contents}` : (serving?.stateFingerprint ?? 'state'),
    }
  }
}

/** Where not every service is, what is there is of the current release. */
function checkServer(server: FleetServer, seen: Set<string>): void {
  if (server.services.length === allServices.length) return checkAtRest(server, seen)
  checkKeptData(server)
  const wanted = server.current === undefined ? [] : server.services.map(({ name }) => name).sort()
  const running = [...server.running].filter(([, names]) => names.size > 0)
  const found = running.map(([id, names]) => `${id} ${[...names].sort().join('+')}`).join(', ')
  if (found !== (wanted.length === 0 ? '' : `${server.current} ${wanted.join('+')}`))
    server.violate(`at rest ${found} runs`)
  if (server.edge !== (server.hasWeb() ? server.current : undefined)) server.violate(`the edge leads to ${server.edge}`)
  if (server.common.fence !== undefined) server.violate('at rest the database is fenced')
  if (server.locked) server.violate('at rest the lock is taken')
}

interface Code {
  content: string
  migrations: readonly Migration[]
  migrator: FleetDeployment['migrator']
  state: string
}

/** One deployment of the environment, with all processes that carry it out or take it up. */
class UnderWay {
  readonly told: string[] = []
  readonly records = new Map<string, DeploymentRecord>()
  readonly happened = new Set<object>()
  private readonly fleet: Fleet
  private readonly deployment: FleetDeployment
  private readonly code: Code
  private readonly isTold: boolean
  private readonly processes = new Map<string, SlipwayProcess>()
  private readonly turns = new Map<string, number>()
  private readonly awaited = new Set<string>()
  private outages = 0
  private isSent = false

  constructor(fleet: Fleet, deployment: FleetDeployment, code: Code, isTold: boolean) {
    this.fleet = fleet
    this.deployment = deployment
    this.code = code
    this.isTold = isTold
  }

  async toEnd(): Promise<void> {
    const { fleet } = this
    const { time } = fleet.common
    for (const outage of this.deployment.outages) this.plan(outage)
    const journalsBefore = fleet.deciding.journals.size
    this.begin(fleet.deciding, 'deploy', undefined)
    for (let moments = 0; moments < momentsAtMost; moments++) {
      await quiescence()
      const key =
        this.isSent || fleet.deciding.journals.size === journalsBefore ? undefined : fleet.deciding.newestKey()
      if (key !== undefined) {
        this.isSent = true
        for (const server of fleet.followers) if (server.up) this.begin(server, 'deploy', key)
      }
      for (const server of fleet.servers) this.takeUp(server)
      if (this.isOver()) return
      for (const server of fleet.servers) server.tick()
      // Who has only just begun may not wait for anything yet.
      if (!time.advance() && key === undefined) break
    }
    fleet.deciding.violate('it never ends')
    for (const process of this.processes.values()) process.end()
  }

  private isOver(): boolean {
    if (this.processes.size > 0 || this.awaited.size > 0 || this.outages > 0) return false
    return this.fleet.servers.every(server => unfinished(server) === undefined)
  }

  /** The guardian, the runner's own restart, or the machine's: sooner or later there is a next one. */
  private takeUp(server: FleetServer): void {
    if (!server.up || this.processes.has(server.name) || this.awaited.has(server.name)) return
    if (unfinished(server) === undefined) return
    this.awaited.add(server.name)
    this.fleet.common.time.at(this.deployment.takenUpAfterMs, () => {
      this.awaited.delete(server.name)
      if (server.up && !this.processes.has(server.name)) this.begin(server, 'resume', undefined)
    })
  }

  private begin(server: FleetServer, what: 'deploy' | 'resume', key: AgreementKey | undefined): void {
    const turn = this.turns.get(server.name) ?? 0
    this.turns.set(server.name, turn + 1)
    const number = this.fleet.servers.indexOf(server)
    const faults = this.deployment.faults.filter(fault => fault.server === number && fault.turn === turn)
    const process = new SlipwayProcess(server, faults, this.isTold)
    this.processes.set(server.name, process)
    const config = this.configOf(server)
    const ports = fleetPorts({
      fleet: this.fleet,
      server,
      process,
      config,
      key: key ?? 'd0@',
      fetched: id => this.fetched(server, id),
    })
    const options = {
      purpose: what,
      by: 'somebody',
      makePlan: () => (what === 'deploy' ? this.makePlan(ports, config) : Promise.reject(nothingElse())),
      planOf: async () => basePlan(config, undefined),
      signal: process.interruption.signal,
      listen: () => undefined,
    }
    const ended = (how: string): void => {
      if (this.isTold) this.told.push(...(process.trace ?? []).map(line => `  ${server.name} ${line}`), `  ${how}`)
      for (const fault of process.happened) this.happened.add(fault)
      process.end()
      if (this.processes.get(server.name) === process) this.processes.delete(server.name)
    }
    void process.death.then(() => ended(`${server.name} ${what}: died`))
    runDeployment(options, ports).then(
      record => {
        this.records.set(server.name, record)
        ended(`${server.name} ${what}: ${record.outcome} ${record.failure?.message ?? ''} ${record.failure?.why ?? ''}`)
      },
      (error: unknown) => ended(`${server.name} ${what}: ${asSlipwayError(error, 'it failed').message}`),
    )
  }

  private plan({ server: number, kind, atMs, forMs }: Outage): void {
    const { fleet } = this
    const server = fleet.servers[number]
    if (server === undefined || (kind === 'cut' && server === fleet.deciding)) return
    this.outages += 1
    const { time } = fleet.common
    time.at(atMs, () => {
      for (const each of server === fleet.deciding ? fleet.servers : [server]) each.disturbed = true
      if (kind === 'cut') server.cut = true
      else {
        server.up = false
        this.processes.get(server.name)?.end()
      }
      if (this.isTold) this.told.push(`  ${server.name} ${kind} at ${time.now}`)
      time.at(forMs, () => {
        this.outages -= 1
        server.cut = false
        server.up = true
        if (this.isTold) this.told.push(`  ${server.name} is back at ${time.now}`)
      })
    })
  }

  private fetched(server: FleetServer, id: ReleaseId): ReturnType<typeof makeRelease> {
    const { migrations, migrator, state } = this.code
    const number = this.fleet.servers.indexOf(server)
    const health = this.deployment.health[number] ?? 'good'
    const content = this.deployment.strayed === number ? `other than ${this.code.content}` : this.code.content
    const image: Image = { traits: { health, migrator, rehearsal: 'true' }, migrations }
    server.images.set(id, image)
    return { ...makeRelease(id, content, migrations, state), services: [...server.services] }
  }

  private configOf(server: FleetServer): EnvironmentConfig {
    const { rehearse, watch } = this.deployment
    const config: EnvironmentConfig = {
      ...usual,
      rehearse: { ...usual.rehearse, mode: rehearse ? 'full' : 'off' },
      watch: { forMs: watch ? 5000 : 0 },
    }
    if (server === this.fleet.deciding) return config
    const { migrate: _migrate, database: _database, ...rest } = config
    return rest
  }

  private async makePlan(ports: Ports, config: EnvironmentConfig): Promise<Plan> {
    const [current, history, releases] = await Promise.all([
      ports.releases.current(),
      ports.journal.history(),
      ports.releases.all(),
    ])
    if (this.deployment.kind === 'rollback') {
      const kept = (await ports.database?.leftBehind()) ?? []
      const backups = (await ports.backups.list()).map(({ file }) => file)
      const existing = (origin: DataOrigin): boolean =>
        origin.kind === 'snapshot' ? kept.includes(origin.database) : backups.includes(origin.file)
      const asked = { wanted: undefined, asked: 'restore' as const, confirmed: true }
      return planRollback({ config, current, releases, history, existing, ...asked })
    }
    return planDeployment({
      config,
      services: allServices.map(service => ({ ...service, builds: true })),
      commit: undefined,
      current,
      migrationFingerprint: fingerprintOf(this.code.migrations),
      history,
      database: (await ports.database?.reachable()) === true ? await ports.database?.state() : undefined,
    })
  }
}

function nothingElse(): SlipwayError {
  return new SlipwayError('INTERRUPTED', 'There is nothing else to do')
}

const momentsAtMost = 60_000
