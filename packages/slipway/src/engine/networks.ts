import type { ComposeDocument } from '../config/document.ts'
import type { Release } from '../release/model.ts'
import { docker, dockerError, tryDocker } from './docker.ts'
import { labels } from './names.ts'
import { networkArgv, networkName, ownNetworkKeys, reachedNetworks } from './network-argv.ts'
import type { PresentState } from './present-state.ts'
import { networksOf } from './release-document.ts'

/** Creates the release's own networks. Safe to repeat. */
export async function createNetworks(release: Release, document: ComposeDocument): Promise<void> {
  // Without a look first: as a rule none of them is there.
  await Promise.all(ownNetworkKeys(release, document).map(key => createNetwork(release, document, key)))
}

async function createNetwork(release: Release, document: ComposeDocument, key: string): Promise<void> {
  const attempted = `The network ${networkName(release, document, key)} could not be created`
  const argv = networkArgv(release, document, key)
  const result = await tryDocker(argv)
  if (result.exitCode === 0) return
  // It may be there already, also by another caller who wanted it at the same time.
  if ((await networksOfRelease(release)).includes(networkName(release, document, key))) return
  throw dockerError(argv, result, {
    code: 'START_FAILED',
    attempted,
    next: 'If Docker has no addresses left: docker network prune, or default-address-pools in its daemon.json.',
  })
}

/** Connects a state service's container to the release's networks under the names the app knows it by. Safe to repeat. */
export async function connectState(
  release: Release,
  document: ComposeDocument,
  container: PresentState,
): Promise<void> {
  const { service, id } = container
  for (const key of reachedNetworks(release, document, service)) {
    const network = networkName(release, document, key)
    if (container.networks.includes(network)) continue
    const aliases = [service, ...(document.services[service]?.networks?.[key]?.aliases ?? [])]
    const argv = ['network', 'connect', ...aliases.flatMap(alias => ['--alias', alias]), '--', network, id]
    const result = await tryDocker(argv)
    if (result.exitCode === 0 || /already exists in network/i.test(result.stderr)) continue
    throw dockerError(argv, result, { attempted: `${service} could not be connected to ${network}` })
  }
}

/** Removes the release's networks, cutting whatever is still connected. */
export async function removeNetworks(release: Release): Promise<void> {
  await Promise.all((await networksOfRelease(release)).map(removeNetwork))
}

async function removeNetwork(network: string): Promise<void> {
  await Promise.all(
    (await connectedTo(network)).map(each => tryDocker(['network', 'disconnect', '--force', '--', network, each])),
  )
  const argv = ['network', 'rm', '--', network]
  const removed = await tryDocker(argv)
  if (removed.exitCode === 0 || /no such network|not found/i.test(removed.stderr)) return
  throw dockerError(argv, removed, { attempted: `The network ${network} could not be removed` })
}

/**
 * Also containers that do not run: one that still knew the network could never be started again. What is connected and
 * no container any more is known by its name only.
 */
async function connectedTo(network: string): Promise<string[]> {
  const [all, running] = await Promise.all([
    tryDocker(['ps', '--all', '--no-trunc', '--filter', `network=${network}`, '--format', '{{.ID}}']),
    tryDocker([
      'network',
      'inspect',
      '--format',
      '{{range $id, $each := .Containers}}{{$id}} {{$each.Name}}\n{{end}}',
      '--',
      network,
    ]),
  ])
  const ids = new Set(all.stdout.split('\n').filter(Boolean))
  const others = running.stdout
    .split('\n')
    .map(line => line.split(' '))
    .flatMap(([id = '', name = '']) => (name === '' || ids.has(id) ? [] : [name]))
  return [...ids, ...others]
}

/** The address ranges (CIDR) from which the release reaches one of the services. */
export async function subnets(release: Release, document: ComposeDocument, service: string): Promise<string[]> {
  const keys = [...reachedNetworks(release, document, service), ...externalNetworks(document, service)]
  if (keys.length === 0) return []
  const names = keys.map(key => networkName(release, document, key))
  const format = '{{range .IPAM.Config}}{{.Subnet}} {{end}}'
  const text = await docker(['network', 'inspect', '--format', format, '--', ...names])
  return text.trim().split(/\s+/).filter(Boolean)
}

function externalNetworks(document: ComposeDocument, service: string): string[] {
  return networksOf(document.services[service]).filter(key => document.networks?.[key]?.external === true)
}

async function networksOfRelease(release: Release): Promise<string[]> {
  const filters = [`label=${labels.project}=${release.project}`, `label=${labels.release}=${release.id}`]
  const text = await docker(['network', 'ls', ...filters.flatMap(each => ['--filter', each]), '--format', '{{.Name}}'])
  return text.split('\n').filter(Boolean)
}
