import type { ReleaseService } from './model.ts'
import type { ContainerState, Probe } from './ports.ts'

/** What one look at a service tells. Pure: the gate asks the world, this decides. */
export type Verdict =
  | { kind: 'healthy' }
  /** `aloneMs`: only time is missing, so much of it. */
  | { kind: 'waiting'; for: string; aloneMs?: number }
  | { kind: 'failed'; why: string; container?: ContainerState }

export interface Observation {
  service: ReleaseService
  containers: ContainerState[]
  /** The last probe of the health path; absent: not probed yet, or the service has no path. */
  probe?: Probe
  /** Containers (by id) whose own health check passed when run by hand. */
  passed: ReadonlySet<string>
  /** Milliseconds since the service's containers were first seen running. */
  runningMs: number
  /** Milliseconds since its health path was first seen to answer well. */
  answeringMs?: number
}

/** An app that is healthy for a moment and then dies is not healthy: containers must have been up this long. */
export const stableMs = 2000
/** The same, of an app that takes long to begin: it must have answered well this long ago. */
export const stableAnsweringMs = 1500
/** A service without any health check has only its staying up to show. */
export const stableWithoutCheckMs = 4000

export function judge(observation: Observation): Verdict {
  const { service, containers } = observation
  for (const container of containers) {
    const why = crashed(container)
    if (why !== undefined) return { kind: 'failed', why: `${container.name} ${why}`, container }
  }
  if (containers.length < service.replicas) {
    return { kind: 'waiting', for: `${service.name}: ${containers.length} of ${service.replicas} containers are there` }
  }
  const notRunning = containers.find(container => container.status !== 'running')
  if (notRunning !== undefined) return { kind: 'waiting', for: `${notRunning.name} is ${notRunning.status}` }
  return judgeHealth(observation)
}

/** Whether containers of it are to be looked at: `replicas: 0` switches a worker off. */
export function isToRun({ role, replicas }: Pick<ReleaseService, 'role' | 'replicas'>): boolean {
  return (role === 'web' || role === 'worker') && replicas > 0
}

/** Why a container is beyond waiting. */
export function crashed(container: ContainerState): string | undefined {
  if (container.outOfMemory) return 'was killed: out of memory'
  if (container.status === 'exited' || container.status === 'dead') return `exited with code ${container.exitCode}`
  if (container.restarts > 0 || container.status === 'restarting') {
    return `crashed and was restarted${container.exitCode === 0 ? '' : ` (exit code ${container.exitCode})`}`
  }
  if (container.health === 'unhealthy') return 'is unhealthy: its health check fails'
  return undefined
}

function judgeHealth({ service, containers, probe, passed, runningMs, answeringMs = 0 }: Observation): Verdict {
  if (service.health.path !== undefined && !answersWell(probe)) {
    return { kind: 'waiting', for: `${service.name}${service.health.path} ${describe(probe)}` }
  }
  const unproven = containers.find(
    container => container.health !== 'none' && container.health !== 'healthy' && !passed.has(container.id),
  )
  if (unproven !== undefined) return { kind: 'waiting', for: `${unproven.name}: its health check has not passed yet` }
  const hasCheck = service.health.path !== undefined || containers.every(container => container.health !== 'none')
  const wanted = hasCheck ? stableMs : stableWithoutCheckMs
  const leftMs = Math.max(wanted - runningMs, service.health.path === undefined ? 0 : stableAnsweringMs - answeringMs)
  if (leftMs > 0) {
    return { kind: 'waiting', for: `${service.name} to stay up for ${wanted / 1000} s`, aloneMs: leftMs }
  }
  return { kind: 'healthy' }
}

export function answersWell(probe: Probe | undefined): boolean {
  return probe?.kind === 'answered' && probe.status >= 200 && probe.status < 300
}

export function describe(probe: Probe | undefined): string {
  if (probe === undefined) return 'is not probed yet'
  if (probe.kind === 'no-answer') return `does not answer (${probe.why})`
  const body = probe.body.replace(/\s+/g, ' ').slice(0, 120)
  return `answers ${probe.status}${body === '' ? '' : `: ${body}`}`
}
