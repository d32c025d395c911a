import type { Release } from '../release/model.ts'
import { docker, tryDocker } from './docker.ts'

/** Removes the images of releases that are no longer kept. Only tags of this environment are touched. */
export async function pruneImages(keep: readonly Release[]): Promise<string[]> {
  const project = keep[0]?.project
  if (project === undefined) return []
  const kept = new Set<string>(keep.map(release => release.id))
  const text = await docker(['image', 'ls', '--filter', `reference=slipway/${project}-*`, '--format', '{{.Repository}}:{{.Tag}}'])
  const services = new Set(keep.flatMap(release => release.services.map(service => `slipway/${project}-${service.name}`)))
  const gone = text.split('\n').filter(reference => {
    const [repository = '', tag = ''] = reference.split(':')
    return services.has(repository) && /^r\d+$/.test(tag) && !kept.has(tag)
  })
  if (gone.length > 0) await tryDocker(['image', 'rm', '--', ...gone])
  return gone
}
