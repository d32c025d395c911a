import type { EnvironmentConfig } from '../../../src/config/model.ts'
import type { DeploymentRecord } from '../../../src/release/model.ts'
import { config } from '../sample-config.ts'
import { carriedOut } from './command.ts'
import { beforehand, checkEnd, type Ended } from './outcome.ts'
import { checkAtRest, checkKeptData } from './invariants.ts'
import { Operator } from './operator.ts'
import { SlipwayProcess } from './process.ts'
import { deploy, type Fault, type Operation, type Schedule } from './schedule.ts'
import { Server } from './server.ts'
import { simulatedPorts, unfinished } from './simulated-ports.ts'
import { quiescence, withTimersOf } from './virtual-time.ts'

export interface Played {
  violations: string[]
  /** What was done, call by call, and how each operation ended. */
  story: string[]
  /** Faults at calls that were never made. */
  unused: Fault[]
}

/** Tells a schedule to a fresh world and checks the invariants all along; at the end, that nothing is stuck. */
export async function play(schedule: Schedule, options: { told: boolean }): Promise<Played> {
  const server = new Server()
  const player = new Player(server, schedule, options.told)
  await withTimersOf(server.time, () => player.play())
  return { violations: server.violations, story: player.story, unused: player.unused }
}

class Player {
  readonly story: string[] = []
  readonly unused: Fault[] = []
  private readonly server: Server
  private readonly schedule: Schedule
  private readonly told: boolean
  private readonly config: EnvironmentConfig
  private readonly operator: Operator
  private readonly seen = new Set<string>()

  constructor(server: Server, schedule: Schedule, told: boolean) {
    this.server = server
    this.told = told
    this.schedule = schedule
    const { rehearse, watch, warm, webSockets } = schedule.settings
    server.webSockets = webSockets
    this.config = {
      ...config,
      rehearse: { ...config.rehearse, mode: rehearse ? 'full' : 'off' },
      watch: { forMs: watch ? 5000 : 0 },
      warm: { forMs: warm ? 60_000 : 0 },
    }
    this.operator = new Operator(server, this.config)
  }

  async play(): Promise<void> {
    const { begins } = this.schedule
    if (begins !== 'empty') await this.carryOut(deploy({ migration: 'compatible' }))
    if (begins === 'served-before') await this.carryOut(deploy({ migration: 'incompatible' }))
    for (const operation of this.schedule.operations) await this.carryOut(operation)
    await this.carryOut(resume)
    if (unfinished(this.server) !== undefined)
      this.server.violate('one run without faults did not end what was cut off')
    const before = this.server.picture()
    await this.carryOut(resume)
    if (this.server.picture() !== before) this.server.violate('ending it a second time changed something')
    const last = await this.carryOut(deploy({ migration: 'compatible' }))
    if (last?.outcome !== 'deployed') this.server.violate('stuck: a good release can not be deployed any more')
    const { leftBehind } = this.server
    if (leftBehind.length > 2) this.server.violate(`databases pile up: ${leftBehind.join(', ')}`)
  }

  /** One process of Slipway, from its start to its end or death. */
  private async carryOut(operation: Operation): Promise<DeploymentRecord | undefined> {
    const { server } = this
    if (operation.kind === 'tend' && operation.begins === 'late') server.time.now += this.config.warm.forMs
    const process = new SlipwayProcess(server, operation.faults, this.told)
    const planner = this.operator.begin(operation)
    const ports = simulatedPorts(process, this.config, planner.fetched)
    const before = beforehand(server)
    const ended = await this.conclude(process, carriedOut(operation, { process, ports, planner, config: this.config }))
    if (ended.kind !== 'cut off' && process.happened.length === 0 && server.locked)
      server.violate('the lock is not free')
    if (ended.kind === 'record' && ended.record.outcome !== 'needs-person' && server.unnamedBackups.size > 0)
      server.violate('a backup was begun, and neither kept nor discarded')
    process.end()
    this.operator.end()
    this.unused.push(...operation.faults.filter(fault => !process.happened.includes(fault)))
    if (this.told) this.tell(operation, process, ended)
    checkEnd({ server, settings: this.schedule.settings, operation, before, ended, faults: process.happened.length })
    if (unfinished(server) === undefined) checkAtRest(server, this.seen)
    else checkKeptData(server)
    this.pause()
    return ended.kind === 'record' ? ended.record : undefined
  }

  private async conclude(process: SlipwayProcess, run: Promise<DeploymentRecord | string>): Promise<Ended> {
    const { server } = this
    let ended: Ended | undefined
    run.then(
      result =>
        (ended = typeof result === 'string' ? { kind: 'said', text: result } : { kind: 'record', record: result }),
      (error: unknown) => (ended = { kind: 'error', error }),
    )
    for (let moments = 0; moments < momentsAtMost; moments++) {
      await quiescence()
      if (ended !== undefined) return ended
      if (!process.alive) return { kind: 'cut off' }
      server.tick()
      if (server.time.advance()) continue
      if (!process.hangs) server.violate('it waits for something that never comes')
      if (server.edge === 'held' && !process.isGoingBack()) server.violate('requests are held without a bound')
      return { kind: 'cut off' }
    }
    server.violate('it never ends')
    return { kind: 'cut off' }
  }

  private pause(): void {
    for (let second = 0; second < 3; second++) {
      this.server.time.now += 1000
      this.server.tick()
    }
  }

  /** Up to the operation after the first that went wrong: what follows only shows that it stays so. */
  private tell(operation: Operation, process: SlipwayProcess, ended: Ended): void {
    const { faults: _faults, ...what } = operation
    if (this.story.filter(line => line.includes('VIOLATED')).length > 1) return
    this.story.push(
      JSON.stringify(what),
      ...(process.trace ?? []).map(line => `  ${line}`),
      `  = ${told(ended)}; ${this.server.picture()}${this.server.violations.length === 0 ? '' : `; VIOLATED: ${this.server.violations.join('; ')}`}`,
    )
  }
}

function told(ended: Ended): string {
  if (ended.kind === 'record') return `${ended.record.outcome} ${ended.record.failure?.message ?? ''}`.trim()
  if (ended.kind === 'said') return ended.text
  if (ended.kind === 'error') return ended.error instanceof Error ? ended.error.message : String(ended.error)
  return 'cut off'
}

const resume: Operation = { kind: 'resume', faults: [] }
const momentsAtMost = 20_000
