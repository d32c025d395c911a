import type { ComposeDocument } from './document.ts'
import type { EnvironmentConfig, PlacedServer, Placement } from './model.ts'
import type { DetectedService } from './roles.ts'

/** What of an environment is one server's own, when it has several. All of it is pure. */

/** The configuration for one of the servers: what only the deciding one does is not in that of the others. */
export function configOn(config: EnvironmentConfig, server: string): EnvironmentConfig {
  const { placement } = config
  if (placement === undefined) return config
  const { server: _server, database, migrate, ...others } = config
  // Kept warm, one server could go back alone.
  const here = { ...others, warm: { forMs: 0 }, placement: { ...placement, here: server } }
  if (server === placement.decides) {
    return { ...here, ...(database === undefined ? {} : { database }), ...(migrate === undefined ? {} : { migrate }) }
  }
  const { alert, timeoutMs } = config.hooks
  return { ...here, hooks: { beforeDeploy: [], afterDeploy: [], onFailure: [], alert, timeoutMs } }
}

/**
 * The services of this server. The migration runs where it is decided, so its image is needed there, whatever that
 * service is elsewhere.
 */
export function servicesHere<Service extends Pick<DetectedService, 'name' | 'role'>>(
  services: readonly Service[],
  config: Pick<EnvironmentConfig, 'placement' | 'migrate'>,
): Service[] {
  const { placement, migrate } = config
  const here = serverHere(placement)
  if (placement === undefined || here === undefined) return [...services]
  const decides = here.name === placement.decides
  return services.flatMap((service): Service[] => {
    if (here.services.includes(service.name)) return [service]
    if (!decides) return []
    if (service.role === 'job') return [service]
    return service.name === migrate?.service ? [{ ...service, role: 'job' }] : []
  })
}

/** The document with these services alone; nothing of it waits for one that runs elsewhere. */
export function partOf(document: ComposeDocument, names: ReadonlySet<string>): ComposeDocument {
  const services = Object.entries(document.services).flatMap(([name, service]) => {
    if (!names.has(name)) return []
    const { depends_on: dependsOn, ...rest } = service
    const kept = Object.entries(dependsOn ?? {}).filter(([other]) => names.has(other))
    return [[name, kept.length === 0 ? rest : { ...rest, depends_on: Object.fromEntries(kept) }] as const]
  })
  return { ...document, services: Object.fromEntries(services) }
}

/** Undefined: this is no server of several. */
export function serverHere(placement: Placement | undefined): PlacedServer | undefined {
  return placement?.servers.find(({ name }) => name === placement.here)
}
