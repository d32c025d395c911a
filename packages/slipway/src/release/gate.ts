import { SlipwayError } from '../support/errors.ts'
import { Bell } from './bell.ts'
import { judge, answersWell, isToRun, type Verdict } from './judge.ts'
import { momentOf, ObservedLife, type Moment } from './observed-life.ts'
import type { Release, ReleaseService } from './model.ts'
import type { ContainerState, Ports, Probe } from './ports.ts'

/**
 * Waits until every web service and worker of a release is healthy and stable.
 * Throws GATE_FAILED with the cause as soon as one crashes or exits, or when the time is over.
 */
export async function gate(release: Release, ports: GatePorts, options: GateOptions): Promise<void> {
  const watched = release.services
    .filter(service => isToRun(service))
    .map(service => new ServiceWatch(service, release, ports, options.notStartedBefore))
  let startedAt = ports.clock.monotonic()
  const bell = new Bell()
  const events = await ports.engine.watch(release, () => bell.ring())
  let said = ''
  let rest = options.whenWebAnswers
  let whenWell = options.whenWell
  try {
    for (;;) {
      const askedAt = momentOf(ports.clock)
      const containers = await ports.engine.containers(release)
      const verdicts = await Promise.all(watched.map(watch => watch.look(containers, askedAt)))
      const failed = verdicts.find(verdict => verdict.kind === 'failed')
      if (failed?.kind === 'failed') throw await failure(failed, release, ports, options.consequence)
      if (
        rest !== undefined &&
        watched.every(watch => watch.service.role === 'worker' || watch.seemsWell(containers))
      ) {
        await rest()
        rest = undefined
        startedAt = ports.clock.monotonic()
        continue
      }
      const unready = verdicts.filter(verdict => verdict.kind === 'waiting')
      const waiting = unready.map(verdict => verdict.for)
      if (waiting.length === 0) return
      const elapsed = ports.clock.monotonic() - startedAt
      // What is well in time may stay so for as long as it has to.
      const isWell = unready.every(verdict => verdict.aloneMs !== undefined)
      if (isWell) {
        whenWell?.()
        whenWell = undefined
      }
      const longest = Math.max(...watched.map(watch => watch.service.health.deadlineMs))
      const deadline = isWell ? options.limitMs : Math.min(options.limitMs, longest)
      if (elapsed >= deadline) throw await tooLate(waiting, containers, elapsed, ports, options.consequence)
      if (options.signal.aborted) throw new SlipwayError('INTERRUPTED', `Interrupted while waiting for ${waiting[0]}`)
      if (elapsed > 2000 && waiting[0] !== undefined && waiting[0] !== said) options.note((said = waiting[0]))
      const lookedFor = ports.clock.monotonic() - askedAt.monotonic
      await Promise.race([ports.clock.sleep(pauseAfter(verdicts, lookedFor)), bell.rung()])
    }
  } finally {
    events.stop()
  }
}

/** What the gate needs to look at a release. */
export type GatePorts = Pick<Ports, 'engine' | 'edge' | 'clock'>

export interface GateOptions {
  /** The moment (monotonic) before which nothing of it was started; absent: when the gate begins. */
  notStartedBefore?: number
  limitMs: number
  signal: AbortSignal
  note(text: string): void
  /** What happens to the old release, for the error. */
  consequence: string
  /** Starts the rest of the release as soon as all its web services have answered well. */
  whenWebAnswers?(): Promise<void>
  /** Told once: all is well, and only time has to show that it stays so. */
  whenWell?(): void
}

/** Between two looks. An app that does not listen yet is asked again at once; one that answers badly, at its interval. */
const pace = 50
const quietPace = 500
const probePace = 20
/** Its death is seen at the next look. */
const listensWithinMs = 200
const healthCheckPaceMs = 500

/** Each look is programs that take time from those who serve: where only time is missing, Docker's events do the watching. */
function pauseAfter(verdicts: readonly Verdict[], lookedForMs: number): number {
  const left = verdicts.map(verdict => {
    if (verdict.kind !== 'waiting') return Number.POSITIVE_INFINITY
    return verdict.aloneMs === undefined ? pace : Math.max(0, verdict.aloneMs - lookedForMs)
  })
  return Math.min(quietPace, ...left)
}

class ServiceWatch {
  readonly service: ReleaseService
  private readonly release: Release
  private readonly ports: GatePorts
  private probe: Probe | undefined
  private probedAt = Number.NEGATIVE_INFINITY
  private checkedAt = Number.NEGATIVE_INFINITY
  private answeredAt: number | undefined
  private readonly life: ObservedLife
  private readonly passed = new Set<string>()

  constructor(service: ReleaseService, release: Release, ports: GatePorts, notStartedBefore: number | undefined) {
    this.service = service
    this.release = release
    this.ports = ports
    this.life = new ObservedLife(ports.clock.monotonic(), notStartedBefore)
  }

  async look(all: ContainerState[], askedAt: Moment): Promise<Verdict> {
    const containers = all.filter(container => container.service === this.service.name)
    const runningMs = this.life.seen(containers, askedAt)
    if (runningMs !== undefined) await this.ask(containers, this.ports.clock.monotonic())
    return judge({
      service: this.service,
      containers,
      ...(this.probe === undefined ? {} : { probe: this.probe }),
      passed: this.passed,
      runningMs: runningMs ?? 0,
      // As of the moment at which the containers were looked at: what died since is not known yet.
      answeringMs: askedAt.monotonic - (this.answeredAt ?? askedAt.monotonic),
    })
  }

  /** It has answered well or, where nothing can be asked, runs: not yet that it stays so. */
  seemsWell(all: ContainerState[]): boolean {
    if (this.service.health.path !== undefined) return answersWell(this.probe)
    const own = all.filter(container => container.service === this.service.name)
    const runs = own.length >= this.service.replicas && own.every(each => each.status === 'running')
    return runs && own.every(each => each.health !== 'starting' || this.passed.has(each.id))
  }

  private async ask(containers: ContainerState[], now: number): Promise<void> {
    const { path, intervalMs, timeoutMs } = this.service.health
    const due = this.probe?.kind === 'answered' ? now - this.probedAt >= intervalMs : true
    if (path !== undefined && due && !answersWell(this.probe)) {
      this.probedAt = now
      this.probe = await this.probeUntilItListens(path, timeoutMs)
      // Before its container's own check is run, which takes longer than the answer did.
      if (answersWell(this.probe)) this.answeredAt ??= this.ports.clock.monotonic()
    }
    if (path !== undefined && !answersWell(this.probe)) return
    if (now - this.checkedAt < healthCheckPaceMs) return
    const starting = containers.filter(each => each.health === 'starting' && !this.passed.has(each.id))
    if (starting.length > 0) this.checkedAt = now
    for (const container of starting) {
      const result = await this.ports.engine.checkHealth(container)
      if (result?.ok === true) this.passed.add(container.id)
    }
  }

  /** A request costs nothing, and a look at the containers two programs: those the app would have less time to begin by. */
  private async probeUntilItListens(path: string, timeoutMs: number): Promise<Probe> {
    const { clock } = this.ports
    const until = clock.monotonic() + listensWithinMs
    let probe = await this.probeEachReplica(path, timeoutMs)
    while (probe.kind === 'no-answer' && clock.monotonic() < until) {
      await clock.sleep(probePace)
      probe = await this.probeEachReplica(path, timeoutMs)
    }
    return probe
  }

  /** The door takes turns, so as many good answers in a row as there are replicas reach each of them. */
  private async probeEachReplica(path: string, timeoutMs: number): Promise<Probe> {
    let probe = await this.ports.edge.probe(this.release, this.service.name, path, timeoutMs)
    for (let more = 1; more < this.service.replicas && answersWell(probe); more++) {
      probe = await this.ports.edge.probe(this.release, this.service.name, path, timeoutMs)
    }
    return probe
  }
}

async function failure(
  failed: Extract<Verdict, { kind: 'failed' }>,
  release: Release,
  ports: GatePorts,
  consequence: string,
): Promise<SlipwayError> {
  const container = failed.container
  return new SlipwayError('GATE_FAILED', `${release.id} did not become healthy`, {
    why: failed.why,
    output: container === undefined ? [] : await cause(container, ports),
    state: consequence,
    next: 'Mend the cause shown above and deploy again.',
  })
}

async function tooLate(
  waiting: string[],
  containers: ContainerState[],
  elapsed: number,
  ports: GatePorts,
  consequence: string,
): Promise<SlipwayError> {
  const suspect = containers.find(container =>
    waiting.some(text => text.startsWith(container.service) || text.startsWith(container.name)),
  )
  return new SlipwayError('GATE_FAILED', `Not healthy after ${(elapsed / 1000).toFixed(1)} s`, {
    why: waiting.join('; '),
    output: suspect === undefined ? [] : await cause(suspect, ports),
    state: consequence,
    next: 'Mend the cause shown above, or give slow starters more time with health.deadline.',
  })
}

async function cause(container: ContainerState, ports: GatePorts): Promise<string[]> {
  const health = container.healthOutput.trim()
  const logs = await ports.engine.logs(container, 15).catch(() => [])
  return [...(health === '' ? [] : [`health check: ${health}`]), ...logs.map(line => `${container.service} | ${line}`)]
}
