import { join } from 'node:path'
import { askDocker } from '../support/docker-socket.ts'
import { lastLines } from '../support/run.ts'
import type { ComposeDocument } from '../config/document.ts'
import type { Release } from '../release/model.ts'
import { composeArgv, upAndWait } from './compose-argv.ts'
import { containerIds, inspect, type InspectedContainer } from './containers.ts'
import { docker, dockerError, tryDocker } from './docker.ts'
import { files, labels } from './names.ts'
import { connectState, createNetworks } from './networks.ts'
import { presentState, type PresentState } from './present-state.ts'
import { readDocument } from './release-files.ts'
import { wantedState } from './state-document.ts'

/** Brings the state services to the release's definitions and connects them to its networks. */
export async function ensureState(
  release: Release,
  beforeChange?: () => Promise<void>,
): Promise<{ changed: string[] }> {
  const wanted = wantedState(await readDocument(release, files.state))
  const document = await readDocument(release, files.document)
  const [found] = await Promise.all([
    presentState(release.project),
    createNetworks(release, document),
    createVolumes(release, document),
  ])
  const changed = differing(wanted, found)
  const former = formerState(release, found)
  if (changed.length > 0 || former.length > 0) await beforeChange?.()
  if (changed.length > 0) await up(release, changed)
  if (former.length > 0) await docker(['stop', '--', ...former.map(each => each.id)])
  const present = changed.length > 0 ? await presentState(release.project) : found
  const connected = present.filter(container => wanted.has(container.service))
  await Promise.all(connected.map(container => connectState(release, document, container)))
  return { changed }
}

export async function stateMatches(release: Release): Promise<boolean> {
  const wanted = wantedState(await readDocument(release, files.state))
  const found = await presentState(release.project)
  return differing(wanted, found).length === 0 && formerState(release, found).length === 0
}

/**
 * What runs as a state service and is a worker or web service of this release: it would do its work twice. One that the
 * release does not have at all is left alone, as its data is.
 */
function formerState({ services }: Release, found: readonly PresentState[]): PresentState[] {
  const others = new Set(services.filter(({ role }) => role !== 'state').map(({ name }) => name))
  return found.filter(({ running, service }) => running && others.has(service))
}

/** The container of one state service, if it runs. */
export async function stateContainer(project: string, service: string): Promise<string | undefined> {
  return (await presentState(project)).find(container => container.service === service && container.running)?.id
}

export async function stateContainers(project: string): Promise<InspectedContainer[]> {
  return inspect(await containerIds([`label=${labels.project}=${project}`, `label=${labels.role}=state`]))
}

function differing(wanted: Map<string, string>, containers: readonly PresentState[]): string[] {
  return [...wanted]
    .filter(([service, hash]) => {
      const found = containers.find(container => container.service === service)
      return found === undefined || !found.running || found.definition !== hash
    })
    .map(([service]) => service)
}

async function up(release: Release, services: string[]): Promise<void> {
  const argv = (more: string[]) => {
    const file = join(release.directory, files.state)
    return composeArgv(release.project, file, release.directory, upAndWait(120, services, more))
  }
  let result = await tryDocker(argv([]))
  // A container whose network somebody removed can never start again; a new one can, and its data is in volumes.
  if (/network \S+ not found/i.test(result.stderr)) result = await tryDocker(argv(['--force-recreate']))
  if (result.exitCode === 0) return
  throw dockerError(['compose'], result, {
    code: 'START_FAILED',
    attempted: `State services could not be brought up: ${services.join(', ')}`,
    why: lastLines(result.stderr, 1)[0],
    output: [...lastLines(result.stderr, 6), ...(await failingLogs(release.project, services).catch(() => []))],
    next: `Look at docker compose -p ${release.project} logs, mend the definition and deploy again.`,
  })
}

async function failingLogs(project: string, services: string[]): Promise<string[]> {
  const lines: string[] = []
  for (const container of await stateContainers(project)) {
    const well = container.state.status === 'running' && container.state.health !== 'unhealthy'
    if (!services.includes(container.state.service) || (well && container.state.health !== 'starting')) continue
    const result = await tryDocker(['logs', '--tail', '8', container.state.id])
    lines.push(
      ...lastLines(`${result.stdout}\n${result.stderr}`, 8).map(line => `${container.state.service} | ${line}`),
    )
  }
  return lines
}

async function createVolumes(release: Release, document: ComposeDocument): Promise<void> {
  const wanted = await readDocument(release, files.state)
  const all = { ...(await readDocument(release, files.release)).volumes, ...wanted.volumes }
  const existing = new Set(await volumeNames())
  for (const [key, volume] of Object.entries(all)) {
    const name = volume?.name
    const source = document.volumes?.[key]
    if (name === undefined || source?.external === true || existing.has(name)) continue
    const options = Object.entries(source?.driver_opts ?? {}).flatMap(([option, value]) => [
      '--opt',
      `${option}=${value}`,
    ])
    const driver = source?.driver === undefined ? [] : ['--driver', source.driver]
    await docker([
      'volume',
      'create',
      ...driver,
      ...options,
      '--label',
      `${labels.project}=${release.project}`,
      '--',
      name,
    ])
  }
}

async function volumeNames(): Promise<string[]> {
  const answer = await askDocker('/volumes')
  if (answer?.kind !== 'found') return (await docker(['volume', 'ls', '--quiet'])).split('\n')
  return ((answer.value as { Volumes: { Name: string }[] | null }).Volumes ?? []).map(each => each.Name)
}
