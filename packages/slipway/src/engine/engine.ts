import { join } from 'node:path'
import type { ComposeDocument } from '../config/document.ts'
import type { Release } from '../release/model.ts'
import type { Engine } from '../release/ports.ts'
import { composeArgv, startServices, stopServices, up } from './compose-argv.ts'
import { checkHealth, containerIds, containerLogs, releaseContainers } from './containers.ts'
import { docker, tryDocker } from './docker.ts'
import { watchEvents } from './events.ts'
import { runMigration } from './jobs.ts'
import { files, labels, releaseNetwork, releaseProject } from './names.ts'
import { createNetworks, removeNetworks, subnets } from './networks.ts'
import { pruneImages } from './prune.ts'
import { networksOf } from './release-document.ts'
import { readDocument } from './release-files.ts'
import { ensureState, stateMatches } from './state.ts'

/** The port `Engine` on Docker Engine and Compose: each release is a Compose project of its own, state is another. */
export function composeEngine(): Engine {
  return {
    ensureState,
    stateMatches,
    migrate: (release, _migrate, timeoutMs) => runMigration(release, timeoutMs),
    start,
    containers: releaseContainers,
    watch: watchEvents,
    checkHealth,
    logs: containerLogs,
    quietWorkers,
    wakeWorkers,
    remove,
    async doorNetworks(release) {
      const document = await readDocument(release, files.document)
      await createNetworks(release, document)
      return doorNetworks(release, document)
    },
    async databaseNetworks(release) {
      if (release.database === undefined) return []
      const document = await readDocument(release, files.document)
      await createNetworks(release, document)
      return subnets(release, document, release.database)
    },
    prune: pruneImages,
  }
}

async function start(release: Release): Promise<void> {
  await createNetworks(release, await readDocument(release, files.document))
  const services = release.services.filter(each => each.role === 'web' || each.role === 'worker').map(each => each.name)
  if (services.length === 0) return
  await docker(compose(release, up(services)), {
    code: 'START_FAILED',
    attempted: `${release.id} could not be started`,
    next: 'Mend the cause shown above and deploy again.',
  })
}

/** The door reaches each web service on one network: the first that the service is attached to. */
function doorNetworks(release: Release, document: ComposeDocument): string[] {
  const names = release.services
    .filter(service => service.role === 'web')
    .flatMap(service => networksOf(document.services[service.name]).slice(0, 1))
    .map(key => document.networks?.[key]?.external === true ? (document.networks[key]?.name ?? key) : releaseNetwork(release.project, release.id, key))
  return [...new Set(names)]
}

async function quietWorkers(release: Release): Promise<string[]> {
  const workers = workersOf(release)
  if (workers.length > 0) await docker(compose(release, stopServices(workers)), { attempted: `The workers of ${release.id} could not be stopped` })
  return workers
}

async function wakeWorkers(release: Release): Promise<void> {
  const workers = workersOf(release)
  if (workers.length > 0) await docker(compose(release, startServices(workers)), { attempted: `The workers of ${release.id} could not be started again` })
}

async function remove(release: Release, how: 'gracefully' | 'at-once'): Promise<void> {
  // By label and not by Compose file: also what a job or a half-made release left is found.
  const ids = await containerIds([`label=${labels.project}=${release.project}`, `label=${labels.release}=${release.id}`])
  const ours = await namesWithoutDoor(ids)
  if (ours.length > 0) {
    if (how === 'gracefully') await tryDocker(['stop', '--', ...ours])
    await tryDocker(['rm', '--force', '--volumes', '--', ...ours])
  }
  await removeNetworks(release)
}

/** The edge removes its door itself. */
async function namesWithoutDoor(ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const text = await tryDocker(['inspect', '--format', `{{.Id}} {{index .Config.Labels "${labels.role}"}}`, '--', ...ids])
  return text.stdout.split('\n').filter(line => line !== '' && !line.endsWith(' door')).map(line => line.split(' ')[0] ?? '')
}

function workersOf(release: Release): string[] {
  return release.services.filter(service => service.role === 'worker').map(service => service.name)
}

function compose(release: Release, rest: readonly string[]): string[] {
  return composeArgv(releaseProject(release.project, release.id), join(release.directory, files.release), release.directory, rest)
}
