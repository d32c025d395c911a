import type { ComposeDocument } from '../config/document.ts'
import type { Release } from '../release/model.ts'
import { labels, releaseNetwork } from './names.ts'
import { networkKeys, networksOf } from './release-document.ts'

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
  return networkKeys(document).filter(key => used.has(key) && document.networks?.[key]?.external !== true)
}

/** The release's own networks on which it reaches a state service. */
export function reachedNetworks(release: Release, document: ComposeDocument, service: string): string[] {
  const own = ownNetworkKeys(release, document)
  return networksOf(document.services[service]).filter(key => own.includes(key))
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, String(each)]))
}
