import type { ComposeDocument } from '../config/document.ts'
import type { Release } from '../release/model.ts'
import { docker, tryDocker } from './docker.ts'
import { labels, releaseNetwork } from './names.ts'
import { networkKeys, networksOf } from './release-document.ts'

/** Creates the release's own networks. Safe to repeat. */
export async function createNetworks(release: Release, document: ComposeDocument): Promise<void> {
  const existing = await networksOfRelease(release)
  for (const key of ownNetworkKeys(document)) {
    const name = releaseNetwork(release.project, release.id, key)
    if (existing.includes(name)) continue
    const internal = document.networks?.[key]?.['internal'] === true
    await docker(
      [
        'network',
        'create',
        ...(internal ? ['--internal'] : []),
        '--label',
        `${labels.project}=${release.project}`,
        '--label',
        `${labels.release}=${release.id}`,
        '--',
        name,
      ],
      { code: 'START_FAILED', attempted: `The network ${name} could not be created` },
    )
  }
}

/** Connects a state service's container to the release's networks under the names the app knows it by. Safe to repeat. */
export async function connectState(release: Release, document: ComposeDocument, service: string, container: string): Promise<void> {
  const connected = await connectedNetworks(container)
  const definition = document.services[service]
  for (const key of networksOf(definition)) {
    if (document.networks?.[key]?.external === true) continue
    const network = releaseNetwork(release.project, release.id, key)
    if (connected.includes(network)) continue
    const aliases = [service, ...(definition?.networks?.[key]?.aliases ?? [])]
    await docker(['network', 'connect', ...aliases.flatMap(alias => ['--alias', alias]), '--', network, container])
  }
}

/** Removes the release's networks, cutting whatever is still connected. */
export async function removeNetworks(release: Release): Promise<void> {
  for (const network of await networksOfRelease(release)) {
    const inspected = await tryDocker(['network', 'inspect', '--format', '{{range $id, $each := .Containers}}{{$id}} {{end}}', '--', network])
    for (const container of inspected.stdout.trim().split(/\s+/).filter(Boolean)) {
      await tryDocker(['network', 'disconnect', '--force', '--', network, container])
    }
    const removed = await tryDocker(['network', 'rm', '--', network])
    if (removed.exitCode !== 0 && !/no such network|not found/i.test(removed.stderr)) {
      await docker(['network', 'rm', '--', network], { attempted: `The network ${network} could not be removed` })
    }
  }
}

/** The address ranges (CIDR) from which the release reaches one of the services. */
export async function subnets(release: Release, document: ComposeDocument, service: string): Promise<string[]> {
  const names = networksOf(document.services[service]).map(key => releaseNetwork(release.project, release.id, key))
  if (names.length === 0) return []
  const text = await docker(['network', 'inspect', '--format', '{{range .IPAM.Config}}{{.Subnet}} {{end}}', '--', ...names])
  return text.trim().split(/\s+/).filter(Boolean)
}

async function networksOfRelease(release: Release): Promise<string[]> {
  const text = await docker([
    'network',
    'ls',
    '--filter',
    `label=${labels.project}=${release.project}`,
    '--filter',
    `label=${labels.release}=${release.id}`,
    '--format',
    '{{.Name}}',
  ])
  return text.split('\n').filter(Boolean)
}

async function connectedNetworks(container: string): Promise<string[]> {
  const text = await docker(['inspect', '--format', '{{range $name, $each := .NetworkSettings.Networks}}{{$name}} {{end}}', '--', container])
  return text.trim().split(/\s+/)
}

function ownNetworkKeys(document: ComposeDocument): string[] {
  const used = new Set(Object.values(document.services).flatMap(networksOf))
  return networkKeys(document).filter(key => used.has(key) && document.networks?.[key]?.external !== true)
}
