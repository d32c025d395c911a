import type { ComposeDocument, ComposeService } from '../config/document.ts'
import { escaped } from '../config/dollars.ts'
import type { Release } from '../release/model.ts'
import { labels, migrateContainer, migrateService } from './names.ts'

/**
 * The Compose documents of a rehearsal: the state services anew and empty with the old release, and the new release
 * with its migration, on one network that leads nowhere. What they write they write to volumes that go with them. Pure.
 */
export function oldDocument(input: OldOnStage): ComposeDocument {
  const { stage, state, release } = input
  const { services: _services, networks: _networks, volumes: _volumes, name: _name, ...stateRest } = state
  const { services: _own, networks: _all, volumes: _more, name: _named, ...releaseRest } = release
  const services: Record<string, ComposeService> = {}
  for (const [name, service] of Object.entries(state.services)) {
    services[name] = { ...onStage(service, 'state', stage), ...(name === input.database ? quickPostgres(service) : {}) }
  }
  for (const { name, role } of stage.services) {
    const service = release.services[name]
    if (service !== undefined) services[name] = onStage(service, role, stage)
  }
  return {
    ...stateRest,
    ...releaseRest,
    name: stage.project,
    services,
    networks: { default: { name: stageNetwork(stage), internal: true, labels: stageLabels(stage) } },
  }
}

export interface OldOnStage {
  /** The release under the stage's name, with the services that are run there. */
  stage: Release
  /** The documents of its state services and of its own. */
  state: ComposeDocument
  release: ComposeDocument
  /** The state service that runs PostgreSQL. */
  database: string
}

/** The new release and its migration, on the network that is there by then. Pure. */
export function newDocument(stage: Release, release: ComposeDocument): ComposeDocument {
  const { name: _name, services: own, networks: _networks, volumes: _volumes, ...rest } = release
  const services: Record<string, ComposeService> = {}
  for (const { name, role } of [...stage.services, { name: migrateService, role: 'job' }]) {
    const service = own[name]
    if (service === undefined) continue
    const named = role === 'job' ? { container_name: migrateContainer(stage.project) } : {}
    services[name] = { ...onStage(service, role, stage), ...named }
  }
  return {
    ...rest,
    name: stage.project,
    services,
    networks: { default: { name: stageNetwork(stage), external: true } },
  }
}

/** The service, which can besides read what lies in a folder of this machine. */
export function reading(service: ComposeService, folder: { outside: string; inside: string }): ComposeService {
  const mount = { type: 'bind', source: escaped(folder.outside), target: folder.inside, read_only: true }
  return { ...service, volumes: [...(service.volumes ?? []), mount] }
}

/** An underscore can be in no name of an app or environment, so no environment ever owns this project. */
export function stageProject(project: string): string {
  return `${project}_rehearsal`
}

export function stageNetwork(stage: Release): string {
  return stage.project
}

/** Why a service can not be run without reaching what it must not: the host's network, its Docker, its devices. */
export function reachesOutside(service: ComposeService): string | undefined {
  for (const field of ['network_mode', 'pid', 'ipc'] as const) {
    if (service[field] === 'host') return `${field} is host`
  }
  if (service['privileged'] === true) return 'it is privileged'
  const socket = (service.volumes ?? []).find(volume => volume.source?.endsWith('.sock') === true)
  return socket === undefined ? undefined : `it mounts ${socket.source}`
}

function stageLabels(stage: Release): Record<string, string> {
  return { [labels.project]: stage.project, [labels.release]: stage.id }
}

function onStage(service: ComposeService, role: string, stage: Release): ComposeService {
  const {
    container_name: _name,
    ports: _ports,
    networks: attached,
    network_mode: _mode,
    depends_on: _depends,
    links: _links,
    external_links: _external,
    scale: _scale,
    profiles,
    deploy: _deploy,
    logging: _logging,
    ...rest
  } = service
  const aliases = [...new Set(Object.values(attached ?? {}).flatMap(each => each?.aliases ?? []))]
  const volumes = (service.volumes ?? []).flatMap(volume => harmless(volume, role))
  return {
    ...rest,
    ...(role === 'job' && profiles !== undefined ? { profiles } : {}),
    restart: 'no',
    pull_policy: 'never',
    networks: { default: aliases.length === 0 ? null : { aliases } },
    volumes,
    labels: { ...service.labels, ...stageLabels(stage), [labels.role]: role },
    mem_limit: service.mem_limit ?? service.deploy?.resources?.limits?.memory ?? usualMemory,
    // What serves people goes first.
    cpu_shares: 256,
    // Nobody waits for what Docker finds, and each look of its takes a program.
    ...(role === 'state' ? { healthcheck: { disable: true } } : {}),
  }
}

type Volume = NonNullable<ComposeService['volumes']>[number]

/** Named volumes become new ones; of the host's files only what is read stays, and that read-only. */
function harmless(volume: Volume, role: string): Volume[] {
  if (volume.type === 'volume') {
    const { source: _source, ...anonymous } = volume
    return [anonymous]
  }
  if (volume.type !== 'bind') return [volume]
  // A database that keeps its files in a folder of the host would start on the very files of production.
  if (role === 'state' && volume['read_only'] !== true && !isFile(volume.target ?? '')) return []
  return [{ ...volume, read_only: true }]
}

function isFile(target: string): boolean {
  return /\.[a-z0-9]+$/i.test(target)
}

/** Nothing here has to survive a power cut. Commands of one's own keep their meaning: only options are added. */
function quickPostgres(service: ComposeService): Pick<ComposeService, 'command' | 'environment'> {
  const command = service.command ?? []
  if (!Array.isArray(command)) return {}
  const [program] = command
  if (program !== undefined && program !== 'postgres' && !program.startsWith('-')) return {}
  const { environment } = service
  const setUp = [environment?.['POSTGRES_INITDB_ARGS'] ?? '', '--no-sync'].join(' ').trim()
  return {
    command: [...(program === undefined ? ['postgres'] : command), ...unsafeButQuick],
    environment: { ...environment, POSTGRES_INITDB_ARGS: setUp },
  }
}

const unsafeButQuick = [
  ...['fsync', 'synchronous_commit', 'full_page_writes', 'autovacuum'].map(name => `${name}=off`),
  ...['max_wal_size=2GB', 'checkpoint_timeout=30min', 'maintenance_work_mem=128MB'],
].flatMap(setting => ['-c', setting])
const usualMemory = '1g'
