import { createHash } from 'node:crypto'
import type { ComposeDocument, ComposeService } from '../config/document.ts'
import type { ReleaseService } from '../release/model.ts'
import { keysOf } from '../source/place.ts'
import { labels } from './names.ts'
import { externalVolumes } from './release-document.ts'

/**
 * The Compose document of the services that outlive releases. Each carries a hash of its definition, so drift shows.
 * An image that is only named stays so: a tag that moved must not restart a database. Pure.
 */
export function stateDocument(
  document: ComposeDocument,
  project: string,
  services: readonly ReleaseService[],
  images: Readonly<Record<string, string>>,
): ComposeDocument {
  const names = new Set(services.filter(service => service.role === 'state').map(service => service.name))
  const own: Record<string, ComposeService> = {}
  for (const name of names) {
    const source = document.services[name]
    if (source === undefined) continue
    const { depends_on: dependsOn, profiles: _profiles, build, pull_policy: _policy, ...rest } = source
    const kept = Object.entries(dependsOn ?? {}).filter(([other]) => names.has(other))
    const image = build === undefined ? source.image : images[name]
    const service = {
      ...rest,
      ...(image === undefined ? {} : { image }),
      ...(kept.length === 0 ? {} : { depends_on: Object.fromEntries(kept) }),
    }
    own[name] = {
      ...service,
      labels: {
        ...source.labels,
        [labels.project]: project,
        [labels.role]: 'state',
        [labels.state]: hash([service, given(document, source, 'secrets'), given(document, source, 'configs')]),
      },
    }
  }
  const { services: _services, volumes, name: _name, networks, ...rest } = document
  return {
    ...rest,
    name: project,
    services: own,
    ...(networks === undefined
      ? {}
      : {
          networks: Object.fromEntries(
            Object.entries(networks).map(([key, network]) => [key, ownNetwork(network, project, key)]),
          ),
        }),
    ...(volumes === undefined ? {} : { volumes: externalVolumes(volumes, project) }),
  }
}

/** The secrets or configs that the service is given: their files are named after their content. */
function given(document: ComposeDocument, service: ComposeService, kind: 'secrets' | 'configs'): unknown {
  return keysOf(service[kind]).map(key => document[kind]?.[key] ?? null)
}

/** The wanted definition hash of each state service. */
export function wantedState(document: ComposeDocument): Map<string, string> {
  return new Map(
    Object.entries(document.services).map(([name, service]) => [name, service.labels?.[labels.state] ?? '']),
  )
}

/** Equal values have equal hashes, whatever the order of their keys. */
export function hash(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 32)
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined)
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

function ownNetwork(network: NonNullable<ComposeDocument['networks']>[string], project: string, key: string) {
  if (network?.external === true) return network
  return { ...network, name: network?.name ?? `${project}_${key}` }
}
