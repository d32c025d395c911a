import type { Release } from '../release/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { containerRoles, ofRelease } from './containers.ts'
import { tryDocker } from './docker.ts'
import { removeNetworks } from './networks.ts'

/** Removes the release's containers and networks. Images, volumes and the release's folder stay. */
export async function removeRelease(
  release: Release,
  how: 'gracefully' | 'at-once',
  whenStopped?: () => Promise<void>,
): Promise<void> {
  const ids = await containersOf(release)
  if (how === 'gracefully' && ids.length > 0) await tryDocker(['stop', '--', ...ids])
  const ended = await Promise.allSettled([removeStopped(release, ids), whenStopped?.()])
  for (const each of ended) if (each.status === 'rejected') throw each.reason
}

async function removeStopped(release: Release, ids: readonly string[]): Promise<void> {
  await removeContainers(ids)
  await removeNetworks(release)
  // A run of Compose that outlived its killed runner may have made one more; without networks it can start no other.
  const late = await containersOf(release)
  await removeContainers(late)
  const left = late.length === 0 ? [] : await containersOf(release)
  if (left.length === 0) return
  throw new SlipwayError('ENGINE_FAILED', `${release.id} could not be removed`, {
    why: `${left.length} of its containers are still there: ${left.map(id => id.slice(0, 12)).join(', ')}`,
    next: 'docker rm --force shows why each of them stays.',
  })
}

/** By label and not by Compose file: also what a job or a half-made release left is found. The edge removes its door itself. */
async function containersOf(release: Release): Promise<string[]> {
  const all = await containerRoles(ofRelease(release))
  return all.filter(each => each.role !== 'door').map(each => each.id)
}

async function removeContainers(ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await tryDocker(['rm', '--force', '--volumes', '--', ...ids])
}
