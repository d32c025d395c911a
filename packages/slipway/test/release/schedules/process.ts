import { SlipwayError } from '../../../src/support/errors.ts'
import type { Fault, FaultKind } from './schedule.ts'
import type { Server } from './server.ts'

/** One run of Slipway on the server. Every call it makes to the outside goes through here, and may go wrong. */
export class SlipwayProcess {
  readonly server: Server
  readonly interruption = new AbortController()
  /** Every call, when somebody wants to read it. */
  readonly trace: string[] | undefined
  /** Faults that really happened. */
  readonly happened: Fault[] = []
  alive = true
  /** Some call will never answer. */
  hangs = false
  private readonly faults: ReadonlyMap<number | string, Fault>
  private readonly seen = new Map<string, number>()
  private calls = 0
  private goingBack = false
  private died: (() => void) | undefined
  readonly death: Promise<void>

  constructor(server: Server, faults: readonly Fault[], traced: boolean) {
    this.server = server
    this.trace = traced ? [] : undefined
    this.faults = new Map(faults.map(fault => [fault.at, fault]))
    this.death = new Promise(resolve => {
      this.died = resolve
    })
    server.attended = true
  }

  async call<T>(name: string, effect: () => T): Promise<T> {
    await Promise.resolve()
    if (!this.alive) return never()
    const { time } = this.server
    time.now += callMs
    this.server.tick()
    const fault = this.nextFault(name)
    if (fault === 'die-before') return this.die()
    if (fault === 'fail-before') throw failed(name, 'failed before its effect')
    if (fault === 'interrupt') this.interruption.abort()
    if (fault === 'hang') return this.hang(name)
    if (fault === 'time-out') return this.timeOut(name)
    const result = effect()
    if (fault === 'die-after') return this.die()
    if (fault === 'fail-after') throw failed(name, 'failed after its effect')
    return result
  }

  sleep(milliseconds: number): Promise<void> {
    return this.alive ? this.server.time.sleep(milliseconds) : never()
  }

  /** The process ends, by itself or by a kill: nothing of it happens any more. */
  end(): void {
    this.alive = false
    this.server.time.clear()
    this.server.processEnded()
    this.died?.()
  }

  /** From the first failure on, and when an earlier run is brought to its end. */
  isGoingBack(): boolean {
    return this.goingBack
  }

  private nextFault(name: string): FaultKind | undefined {
    if (name.startsWith('journal step-failed') || name === 'journal recovering') this.goingBack = true
    const count = 1 + (this.seen.get(name) ?? 0)
    this.seen.set(name, count)
    if (polled.has(name) && count > pollsCounted) return undefined
    const at = this.calls++
    const named = count === 1 ? this.faults.get(name) : undefined
    const fault = this.faults.get(at) ?? named ?? this.faults.get(`${name}#${count}`)
    if (fault !== undefined) this.happened.push(fault)
    this.trace?.push(`${String(at).padStart(4)} ${name}${fault === undefined ? '' : `  <- ${fault.kind}`}`)
    return fault?.kind
  }

  private die(): Promise<never> {
    this.end()
    return never()
  }

  /** On the way back nothing but the limits of the programs that are run bounds the wait. */
  private hang(name: string): Promise<never> {
    if (isLocal(name) || ownLimitsMs.has(name)) return this.timeOut(name)
    if (this.isGoingBack()) this.server.excuseHold()
    this.hangs = true
    return never()
  }

  private async timeOut(name: string): Promise<never> {
    if (this.isGoingBack()) this.server.excuseHold()
    await this.sleep(isLocal(name) ? 1 : (ownLimitsMs.get(name) ?? longLimitMs))
    if (!this.alive) return never()
    throw failed(name, 'did not answer in time')
  }
}

function failed(name: string, how: string): SlipwayError {
  return new SlipwayError('ENGINE_FAILED', `${name} ${how}`)
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}

/** How long any call takes. */
const callMs = 7
const longLimitMs = 600_000
/** Statements of a moment and questions, which their adapters give up early. */
const ownLimitsMs = new Map([
  ...['database.fence', 'database.liftFence', 'database.state', 'database.leftBehind'].map(
    name => [name, 60_000] as const,
  ),
  ['agreement.ask', 20_000],
])

/** Renames and small files on this machine's disk fail, but do not hang. */
function isLocal(name: string): boolean {
  return /^(journal|releases|lock|warm)\b|^edge\.(live|site|hold|letGo|switchTo)$|^agreement\.(heard|decisions)$/.test(
    name,
  )
}

/** Asked again and again: faults at the first few stand for all. */
const polled = new Set([
  'engine.containers',
  'edge.probe',
  'edge.probePublic',
  'edge.answered',
  'edge.inFlight',
  'warm.tooTight',
])
const pollsCounted = 3
