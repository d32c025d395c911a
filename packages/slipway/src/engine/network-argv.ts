import type { ComposeDocument } from '../config/document.ts'
import type { Release } from '../release/model.ts'
import { labels, releaseNetwork } from './names.ts'
import { networkKeys, networksOf } from './release-document.ts'

/** Only for the release's way to a database on another server: on both ends of it, and on no service's list. */
export const pathNetwork = 'slipway-path'

/** Names and arguments for a release's networks. Pure. */
export function networkArgv(release: Release, document: ComposeDocument, key: string): string[] {
  const network = document.networks?.[key]
  // Addresses are Docker's to give, because two releases run side by side; a bridge's name exists only once, too.
  const options = Object.entries(textsOf(network?.['driver_opts'])).filter(([name]) => name !== bridgeName)
  const driver = network?.['driver']
  return [
    ...['network', 'create'],
    ...(typeof driver === 'string' && driver !== '' && driver !== 'default' ? ['--driver', driver] : []),
    ...(network?.['internal'] === true ? ['--internal'] : []),
    ...options.flatMap(([name, value]) => ['--opt', `${name}=${value}`]),
    ...['--label', `${labels.project}=${release.project}`],
    ...['--label', `${labels.release}=${release.id}`],
    '--',
    releaseNetwork(release.project, release.id, key),
  ]
}

const bridgeName = 'com.docker.network.bridge.name'

/** A network's name in Docker, by its key in the Compose file. */
export function networkName(release: Release, document: ComposeDocument, key: string): string {
  const network = document.networks?.[key]
  return network?.external === true ? (network.name ?? key) : releaseNetwork(release.project, release.id, key)
}

/** Networks between state services alone are not the release's. */
export function ownNetworkKeys(release: Release, document: ComposeDocument): string[] {
  const passing = release.services.filter(service => service.role !== 'state')
  const used = new Set(passing.flatMap(service => networksOf(document.services[service.name])))
  const keys = networkKeys(document).filter(key => used.has(key) && document.networks?.[key]?.external !== true)
  return release.path === undefined ? keys : [...keys, pathNetwork]
}

/** The release's own networks on which it reaches a state service. */
export function reachedNetworks(release: Release, document: ComposeDocument, service: string): string[] {
  const own = ownNetworkKeys(release, document)
  const reached = networksOf(document.services[service]).filter(key => own.includes(key))
  // What comes in through it counts as the release's own: the fence lets it through, and no other release's.
  const isOffered = release.path?.kind === 'offered' && service === release.database
  return isOffered ? [...reached, pathNetwork] : reached
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, String(each)]))
}
