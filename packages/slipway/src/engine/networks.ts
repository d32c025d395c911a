import type { ComposeDocument } from '../config/document.ts'
import type { Release } from '../release/model.ts'
import { askDocker, listPath } from '../support/docker-socket.ts'
import { containerIds } from './containers.ts'
import { docker, dockerError, tryDocker } from './docker.ts'
import { labels } from './names.ts'
import { networkArgv, networkName, ownNetworkKeys, reachedNetworks } from './network-argv.ts'
import type { PresentState } from './present-state.ts'
import { networksOf } from './release-document.ts'

/** Creates the release's own networks. Safe to repeat. */
export async function createNetworks(release: Release, document: ComposeDocument): Promise<void> {
  const present = await networksOfRelease(release)
  const missing = ownNetworkKeys(release, document).filter(
    key => !present.includes(networkName(release, document, key)),
  )
  await Promise.all(missing.map(key => createNetwork(release, document, key)))
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
  // One that is gone has no container; of whatever else is wrong its removal tells.
  const present = containerIds([`network=${network}`]).catch((): string[] => [])
  const [ids, running] = await Promise.all([present, connectedNow(network)])
  const others = running.flatMap(({ id, name }) => (name === '' || ids.includes(id) ? [] : [name]))
  return [...ids, ...others]
}

async function connectedNow(network: string): Promise<{ id: string; name: string }[]> {
  const looked = await look(network)
  if (looked !== undefined)
    return Object.entries(looked.Containers ?? {}).map(([id, each]) => ({ id, name: each.Name }))
  const format = '{{range $id, $each := .Containers}}{{$id}} {{$each.Name}}\n{{end}}'
  const { stdout } = await tryDocker(['network', 'inspect', '--format', format, '--', network])
  const lines = stdout.split('\n').map(line => line.split(' '))
  return lines.map(([id = '', name = '']) => ({ id, name }))
}

/** The address ranges (CIDR) from which the release reaches one of the services. */
export async function subnets(release: Release, document: ComposeDocument, service: string): Promise<string[]> {
  const keys = [...reachedNetworks(release, document, service), ...externalNetworks(document, service)]
  if (keys.length === 0) return []
  const names = keys.map(key => networkName(release, document, key))
  const looked = await Promise.all(names.map(look))
  if (looked.every(each => each !== undefined))
    return looked.flatMap(each => (each.IPAM?.Config ?? []).map(({ Subnet }) => Subnet))
  const format = '{{range .IPAM.Config}}{{.Subnet}} {{end}}'
  const text = await docker(['network', 'inspect', '--format', format, '--', ...names])
  return text.trim().split(/\s+/).filter(Boolean)
}

function externalNetworks(document: ComposeDocument, service: string): string[] {
  return networksOf(document.services[service]).filter(key => document.networks?.[key]?.external === true)
}

export async function networksOfRelease(release: Pick<Release, 'project' | 'id'>): Promise<string[]> {
  const filters = [`label=${labels.project}=${release.project}`, `label=${labels.release}=${release.id}`]
  const answer = await askDocker(listPath('networks', filters))
  if (answer?.kind === 'found') return (answer.value as { Name: string }[]).map(each => each.Name)
  const text = await docker(['network', 'ls', ...filters.flatMap(each => ['--filter', each]), '--format', '{{.Name}}'])
  return text.split('\n').filter(Boolean)
}

/** Undefined: there is none, or it is the docker CLI that has to be asked. */
async function look(network: string): Promise<InspectedNetwork | undefined> {
  const answer = await askDocker(`/networks/${encodeURIComponent(network)}`)
  return answer?.kind === 'found' ? (answer.value as InspectedNetwork) : undefined
}

interface InspectedNetwork {
  Containers?: Record<string, { Name: string }> | null
  IPAM?: { Config?: { Subnet: string }[] | null } | null
}
