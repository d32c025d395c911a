import type { EnvironmentConfig } from '../config/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { Bell } from './bell.ts'
import { ErrorRate } from './error-rate.ts'
import { answersWell, crashed, describe, isToRun } from './judge.ts'
import type { Release, ReleaseService } from './model.ts'
import type { Answered, ContainerState, Ports, Probe } from './ports.ts'

/**
 * Looks after a release that serves, and returns the first evidence that it does badly: a crash or restart, a health
 * check or health path that fails, more errors than before, or another release answering the public. Undefined: none
 * was seen in the time, or the signal ended it early.
 */
export async function watchOver(
  release: Release,
  ports: WatchPorts,
  options: WatchOptions,
): Promise<Evidence | undefined> {
  const { clock, engine } = ports
  const lookout = new Lookout(release, ports, options)
  const endsAt = clock.monotonic() + options.forMs
  const bell = new Bell()
  const events = await engine.watch(release, () => {
    lookout.stirred = true
    bell.ring()
  })
  try {
    for (;;) {
      const evidence = await lookout.look()
      // What is no better with the old release is not the new one's fault, and going back would help nobody.
      if (evidence !== undefined && (await options.worthIt(evidence))) return evidence
      const left = endsAt - clock.monotonic()
      if (left <= 0 || options.signal.aborted) return undefined
      await Promise.race([clock.sleep(Math.min(options.paceMs ?? usualPaceMs, left)), bell.rung()])
    }
  } finally {
    events.stop()
  }
}

export type WatchPorts = Pick<Ports, 'engine' | 'edge' | 'clock'>

export interface WatchOptions {
  config: EnvironmentConfig
  forMs: number
  /** What the release before it had answered: its share of errors is no reason to go back. */
  before: Answered | undefined
  signal: AbortSignal
  /** Between two probes. */
  paceMs?: number
  worthIt(evidence: Evidence): Promise<boolean>
  note(text: string): void
  /** What other servers see of it; undefined: nothing bad. */
  elsewhere?(): Promise<string | undefined>
}

export interface Evidence {
  why: string
  /** What the failing container said last. */
  output: string[]
  isElsewhere?: true
}

/** Whether a release that runs idle would serve well now: each web service answers, or at least runs. */
export async function servesWell(release: Release, { edge, engine }: WatchPorts): Promise<boolean> {
  const web = release.services.filter(service => service.role === 'web')
  for (const { name, health } of web) {
    if (health.path === undefined) continue
    const ask = () => edge.probe(release, name, health.path ?? '/', health.timeoutMs)
    if (!answersWell(await ask()) && !answersWell(await ask())) return false
  }
  if (web.every(service => service.health.path !== undefined)) return true
  const containers = await engine.containers(release)
  return web.every(service => {
    const own = containers.filter(each => each.service === service.name)
    const well = own.filter(each => each.status === 'running' && each.health !== 'unhealthy')
    return well.length >= service.replicas
  })
}

/** Three probes in a row, and a look at all the rest now and then: an event of Docker's makes it at once. */
const usualPaceMs = 200
const failuresInARow = 3
const containersEveryMs = 2000
const publicEveryMs = 300
const errorsEveryMs = 500
const elsewhereEveryMs = 500

class Lookout {
  stirred = true
  private readonly release: Release
  private readonly ports: WatchPorts
  private readonly options: WatchOptions
  private readonly services: ReleaseService[]
  private readonly recent = new Map<string, boolean[]>()
  private readonly lastLook = new Map<string, number>()
  private readonly errors: ErrorRate
  private readonly said = new Set<string>()
  private readonly slowest = new Map<string, number>()

  constructor(release: Release, ports: WatchPorts, options: WatchOptions) {
    this.release = release
    this.ports = ports
    this.options = options
    this.services = release.services.filter(service => isToRun(service))
    this.errors = new ErrorRate(options.before)
  }

  /** A look that is not possible, as when Docker does not answer, says nothing about the release. */
  async look(): Promise<Evidence | undefined> {
    try {
      return (
        (await this.lookAtContainers()) ??
        (await this.askHealth()) ??
        (await this.askInPublic()) ??
        (await this.countErrors()) ??
        (await this.askElsewhere())
      )
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error
      this.sayOnce(`a look was not possible: ${error.message}`)
      return undefined
    }
  }

  private async lookAtContainers(): Promise<Evidence | undefined> {
    if (!this.isDue('containers', containersEveryMs) && !this.stirred) return undefined
    this.stirred = false
    const containers = await this.ports.engine.containers(this.release)
    for (const service of this.services) {
      const own = containers.filter(container => container.service === service.name)
      for (const container of own) {
        const why = crashed(container)
        if (why !== undefined) return { why: `${container.name} ${why}`, output: await this.lastWords(container) }
      }
      if (own.length < service.replicas)
        return { why: `${service.name}: ${own.length} of ${service.replicas} containers are there`, output: [] }
    }
    return undefined
  }

  private async askHealth(): Promise<Evidence | undefined> {
    for (const { name, health, replicas } of this.services) {
      if (health.path === undefined) continue
      const probe = await this.ports.edge.probe(this.release, name, health.path, this.patience(name, health.timeoutMs))
      if (probe.kind === 'answered') this.slowest.set(name, Math.max(this.slowest.get(name) ?? 0, probe.milliseconds))
      if (this.isStreak(name, answersWell(probe), replicas)) return this.failing(name, health.path, probe)
    }
    return undefined
  }

  /** What used to answer at once and now takes seconds is stuck: no need to wait as long as for a start. */
  private patience(service: string, timeoutMs: number): number {
    const slowest = this.slowest.get(service)
    return slowest === undefined ? timeoutMs : Math.min(timeoutMs, Math.max(1000, 10 * slowest))
  }

  /** The door takes turns among replicas: one that fails shows in a share of the answers. */
  private isStreak(what: string, well: boolean, replicas = 1): boolean {
    const recent = [...(this.recent.get(what) ?? []), well].slice(-failuresInARow * replicas)
    this.recent.set(what, recent)
    return !well && recent.filter(each => !each).length >= failuresInARow
  }

  private async failing(service: string, path: string, probe: Probe): Promise<Evidence> {
    const containers = await this.ports.engine.containers(this.release)
    const own = containers.find(container => container.service === service)
    return {
      why: `${service}${path} ${describe(probe)}, ${failuresInARow} times`,
      output: own === undefined ? [] : await this.lastWords(own),
    }
  }

  private async askInPublic(): Promise<Evidence | undefined> {
    if (!this.isDue('public', publicEveryMs)) return undefined
    for (const { name, role, health } of this.services) {
      if (role !== 'web') continue
      const { edge } = this.ports
      const probe = await edge.probePublic?.(
        this.release,
        this.options.config,
        name,
        health.path ?? '/',
        health.timeoutMs,
      )
      if (probe === undefined) continue
      if (probe.kind === 'no-answer') {
        // Nobody listens there: with the old release it would be the same.
        this.sayOnce(`the public address of ${name} does not answer (${probe.why})`)
        continue
      }
      if (this.isStreak(`public ${name}`, probe.release === this.release.id))
        return { why: `in public, ${name} is answered by ${probe.release ?? 'nobody'} (${probe.status})`, output: [] }
    }
    return undefined
  }

  private async countErrors(): Promise<Evidence | undefined> {
    if (!this.isDue('errors', errorsEveryMs)) return undefined
    const answered = await this.ports.edge.answered?.(this.release)
    const why = answered === undefined ? undefined : this.errors.add(this.ports.clock.monotonic(), answered)
    return why === undefined ? undefined : { why, output: [] }
  }

  private async askElsewhere(): Promise<Evidence | undefined> {
    if (!this.isDue('elsewhere', elsewhereEveryMs)) return undefined
    const why = await this.options.elsewhere?.()
    return why === undefined ? undefined : { why, output: [], isElsewhere: true }
  }

  private async lastWords(container: ContainerState): Promise<string[]> {
    const lines = await this.ports.engine.logs(container, 15).catch(() => [])
    return lines.map(line => `${container.service} | ${line}`)
  }

  private isDue(what: string, everyMs: number): boolean {
    const now = this.ports.clock.monotonic()
    if (now - (this.lastLook.get(what) ?? Number.NEGATIVE_INFINITY) < everyMs) return false
    this.lastLook.set(what, now)
    return true
  }

  private sayOnce(text: string): void {
    if (this.said.has(text)) return
    this.said.add(text)
    this.options.note(text)
  }
}
