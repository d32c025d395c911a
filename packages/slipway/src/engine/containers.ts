import type { Release } from '../release/model.ts'
import type { ContainerState } from '../release/ports.ts'
import { askDocker, containerPath, listPath } from '../support/docker-socket.ts'
import { docker, dockerError, jsonLines, tryDocker } from './docker.ts'
import { labels } from './names.ts'

/**
 * Every container of a release's web services and workers, as Docker sees it now. A gate asks again and again: those that
 * were there last time are looked at while it is asked which are there.
 */
export function containerLooks(): (release: Release) => Promise<ContainerState[]> {
  const known = new Map<string, string[]>()
  return async release => {
    const key = `${release.project} ${release.id}`
    const before = known.get(key) ?? []
    const [ids, looked] = await Promise.all([containerIds(ofRelease(release)), inspect(before)])
    known.set(key, ids)
    const same = ids.length === before.length && ids.every(id => before.includes(id))
    const found = same ? looked : await inspect(ids)
    return found.filter(each => each.role === 'web' || each.role === 'worker').map(each => each.state)
  }
}

export function ofRelease(release: Release): string[] {
  return [`label=${labels.project}=${release.project}`, `label=${labels.release}=${release.id}`]
}

/** All containers that carry the labels, whatever their state. */
export async function containerIds(filters: readonly string[]): Promise<string[]> {
  return (await containerRoles(filters)).map(each => each.id)
}

export async function containerRoles(filters: readonly string[]): Promise<{ id: string; role: string }[]> {
  const listed = await listContainers(filters)
  if (listed !== undefined) return listed.map(({ Id, Labels }) => ({ id: Id, role: Labels?.[labels.role] ?? '' }))
  const format = `{{.ID}} {{.Label "${labels.role}"}}`
  const chosen = filters.flatMap(filter => ['--filter', filter])
  const text = await docker(['ps', '--all', '--no-trunc', ...chosen, '--format', format])
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => ({ id: line.split(' ')[0] ?? '', role: line.split(' ')[1] ?? '' }))
}

/** Undefined: it is the docker CLI that has to be asked. */
export async function listContainers(filters: readonly string[]): Promise<ListedContainer[] | undefined> {
  const answer = await askDocker(listPath('containers', filters))
  return answer?.kind === 'found' ? (answer.value as ListedContainer[]) : undefined
}

/** As Docker's API tells it of one container in its list. */
export interface ListedContainer {
  Id: string
  State: string
  Labels?: Record<string, string> | null
  NetworkSettings?: { Networks?: Record<string, unknown> | null } | null
}

export interface InspectedContainer {
  state: ContainerState
  role: string
  /** The id of its image. */
  image: string
  labels: Record<string, string>
  healthTest: string[]
  networks: string[]
  /** When it stopped last. */
  stoppedAt: Date
  /** What of the host's file system it mounts. */
  mounted: string[]
}

export async function inspect(ids: readonly string[]): Promise<InspectedContainer[]> {
  if (ids.length === 0) return []
  const answers = await Promise.all(ids.map(id => askDocker(containerPath(id))))
  if (answers.every(answer => answer !== undefined)) {
    return answers.flatMap(answer => (answer.kind === 'found' ? [parse(answer.value as Inspected)] : []))
  }
  const argv = ['inspect', '--type', 'container', '--format', '{{json .}}', '--', ...ids]
  const result = await tryDocker(argv)
  // A container may be gone between the list and the look: what is still there is printed all the same.
  if (result.exitCode !== 0 && !/no such (object|container)/i.test(result.stderr)) throw dockerError(argv, result)
  return jsonLines(result.stdout).map(each => parse(each as Inspected))
}

interface Inspected {
  Id: string
  Name: string
  Image: string
  RestartCount: number
  State: {
    Status: ContainerState['status']
    ExitCode: number
    StartedAt: string
    FinishedAt: string
    OOMKilled: boolean
    Health?: { Status: string; Log?: { Output: string; ExitCode: number }[] | null }
  }
  Config: { Labels: Record<string, string> | null; Healthcheck?: { Test?: string[] } | null }
  NetworkSettings: { Networks?: Record<string, unknown> | null }
  Mounts?: { Type: string; Source: string }[] | null
}

function parse(raw: Inspected): InspectedContainer {
  const own = raw.Config.Labels ?? {}
  const test = raw.Config.Healthcheck?.Test ?? []
  const health = raw.State.Health
  return {
    role: own[labels.role] ?? '',
    image: raw.Image,
    labels: own,
    healthTest: test[0] === 'NONE' ? [] : test,
    networks: Object.keys(raw.NetworkSettings.Networks ?? {}),
    stoppedAt: new Date(raw.State.FinishedAt),
    mounted: (raw.Mounts ?? []).filter(mount => mount.Type === 'bind').map(mount => mount.Source),
    state: {
      id: raw.Id,
      name: raw.Name.replace(/^\//, ''),
      service: own['com.docker.compose.service'] ?? '',
      status: raw.State.Status,
      health: health === undefined || test[0] === 'NONE' ? 'none' : healthOf(health.Status),
      startedAt: new Date(raw.State.StartedAt),
      exitCode: raw.State.ExitCode,
      restarts: raw.RestartCount,
      outOfMemory: raw.State.OOMKilled,
      healthOutput: (health?.Log ?? []).at(-1)?.Output ?? '',
    },
  }
}

function healthOf(text: string): ContainerState['health'] {
  return text === 'healthy' || text === 'unhealthy' || text === 'starting' ? text : 'none'
}

/** Runs a container's own health check by hand; undefined: it has none. */
export async function checkHealth(container: ContainerState): Promise<{ ok: boolean; output: string } | undefined> {
  const test = (await inspect([container.id]))[0]?.healthTest ?? []
  const argv = healthArgv(test)
  if (argv === undefined) return undefined
  const result = await tryDocker(['exec', container.id, ...argv], { timeoutMs: 5000 })
  return { ok: result.exitCode === 0, output: `${result.stdout}${result.stderr}`.trim() }
}

/** `CMD-SHELL` is by Docker's definition a line for the container's own shell, written by the app's author. */
export function healthArgv(test: readonly string[]): string[] | undefined {
  const [kind, ...rest] = test
  if (rest.length === 0) return undefined
  if (kind === 'CMD') return rest
  if (kind === 'CMD-SHELL') return ['/bin/sh', '-c', rest[0] ?? '']
  return undefined
}

export async function containerLogs(container: ContainerState, lines: number): Promise<string[]> {
  const result = await tryDocker(['logs', '--tail', String(lines), container.id])
  return `${result.stdout}\n${result.stderr}`
    .split('\n')
    .filter(line => line.trim() !== '')
    .slice(-lines)
}
