import type { ComposeDocument, ComposeNetwork, ComposeService } from '../config/document.ts'
import { escaped } from '../config/dollars.ts'
import type { MigrateConfig } from '../config/model.ts'
import type { ReleaseId, ReleaseService } from '../release/model.ts'
import { labels, migrateContainer, migrateService, releaseNetwork, releaseProject, volumeName } from './names.ts'

/**
 * The Compose document of one release: its web services and workers, pinned to images by id, on networks of their own,
 * so that two releases run side by side and never reach each other by name. Pure.
 */
export function releaseDocument(input: ReleaseDocumentInput): ComposeDocument {
  const { document, project, release, services, images, migrate } = input
  const included = services.filter(service => service.role === 'web' || service.role === 'worker')
  const names = new Set(included.map(service => service.name))
  const own: Record<string, ComposeService> = {}
  for (const service of included) {
    const source = document.services[service.name]
    if (source !== undefined) own[service.name] = releaseService(source, service, names, input)
  }
  const job = migrate === undefined ? undefined : document.services[migrate.service]
  if (migrate !== undefined && job !== undefined) own[migrateService] = migrateJob(job, migrate, input)
  const { services: _services, networks, volumes, name: _name, ...rest } = document
  return {
    ...rest,
    name: releaseProject(project, release),
    services: own,
    networks: Object.fromEntries(
      networkKeys(document).map(key => [key, releaseNetworkEntry(networks?.[key], project, release, key)]),
    ),
    ...(volumes === undefined ? {} : { volumes: externalVolumes(volumes, project) }),
  }

  function releaseNetworkEntry(entry: ComposeNetwork | null | undefined, of: string, id: ReleaseId, key: string) {
    if (entry?.external === true) return entry
    return { name: releaseNetwork(of, id, key), external: true }
  }

  function migrateJob(source: ComposeService, config: MigrateConfig, context: ReleaseDocumentInput): ComposeService {
    const {
      depends_on: _depends,
      deploy,
      scale: _scale,
      links: _links,
      tty: _tty,
      stdin_open: _stdin,
      ...base
    } = pinned(source, images[config.service], context, 'job')
    const { replicas: _replicas, restart_policy: _policy, ...kept } = deploy ?? {}
    return {
      ...base,
      container_name: migrateContainer(releaseProject(context.project, context.release)),
      // From slipway.yaml as it is: Compose would fill in what looks like a variable.
      command: config.command.map(escaped),
      healthcheck: { disable: true },
      restart: 'no',
      profiles: ['slipway-job'],
      ...(deploy === undefined ? {} : { deploy: kept }),
    }
  }
}

export interface ReleaseDocumentInput {
  document: ComposeDocument
  project: string
  release: ReleaseId
  services: readonly ReleaseService[]
  images: Readonly<Record<string, string>>
  migrate?: MigrateConfig
}

function releaseService(
  source: ComposeService,
  service: ReleaseService,
  names: ReadonlySet<string>,
  input: ReleaseDocumentInput,
): ComposeService {
  const { depends_on: dependsOn, links, ...base } = pinned(source, input.images[service.name], input, service.role)
  const kept = Object.entries(dependsOn ?? {}).filter(([name]) => names.has(name))
  const linked = Array.isArray(links) ? links.filter(link => names.has(String(link).split(':')[0] ?? '')) : []
  return {
    ...base,
    // With `always`, workers that were quieted come back when Docker restarts, beside those that took over from them.
    ...(base.restart === 'always' ? { restart: 'unless-stopped' } : {}),
    ...(linked.length === 0 ? {} : { links: linked }),
    ...(kept.length === 0 ? {} : { depends_on: Object.fromEntries(kept) }),
  }
}

/** What every container of a release has in common. Ports are the edge's business; fixed names would forbid two releases. */
function pinned(
  source: ComposeService,
  image: string | undefined,
  input: ReleaseDocumentInput,
  role: string,
): ComposeService {
  const { build: _build, ports: _ports, container_name: _name, profiles: _profiles, ...rest } = source
  return {
    ...rest,
    ...(rest.networks === undefined ? {} : { networks: withoutAddresses(rest.networks, input.document) }),
    ...(image === undefined ? {} : { image }),
    pull_policy: 'never',
    labels: {
      ...source.labels,
      [labels.project]: input.project,
      [labels.release]: input.release,
      [labels.role]: role,
    },
  }
}

/** A fixed address exists only once, and not in the networks that a release gets. */
function withoutAddresses(
  networks: NonNullable<ComposeService['networks']>,
  document: ComposeDocument,
): NonNullable<ComposeService['networks']> {
  return Object.fromEntries(
    Object.entries(networks).map(([key, attachment]) => {
      if (attachment === null || document.networks?.[key]?.external === true) return [key, attachment]
      const { ipv4_address: _v4, ipv6_address: _v6, link_local_ips: _local, mac_address: _mac, ...rest } = attachment
      return [key, rest]
    }),
  )
}

/** Volumes outlive releases, so no release's Compose project owns them. */
export function externalVolumes(
  volumes: NonNullable<ComposeDocument['volumes']>,
  project: string,
): NonNullable<ComposeDocument['volumes']> {
  return Object.fromEntries(
    Object.entries(volumes).map(([key, volume]) => [
      key,
      { name: volume?.name ?? volumeName(project, key), external: true },
    ]),
  )
}

export function networkKeys(document: ComposeDocument): string[] {
  return [...new Set(['default', ...Object.keys(document.networks ?? {})])]
}

/** The networks a service is attached to, by key. */
export function networksOf(service: ComposeService | undefined): string[] {
  if (service === undefined || service.network_mode !== undefined) return []
  const keys = Object.keys(service.networks ?? {})
  return keys.length === 0 ? ['default'] : keys
}
