import type { ComposeDocument, ComposeService } from './document.ts'
import { readComposeSources } from './locate.ts'
import type { EnvironmentConfig } from './model.ts'
import { detectServices } from './roles.ts'

/**
 * The service that a migration without `service` runs in: the only web service, else the only one that is built.
 * The Compose files are looked at as written, so this needs no Docker.
 */
export async function migrationService(config: EnvironmentConfig): Promise<Found> {
  const sources = await readComposeSources(config.composeFiles)
  const document = layered(sources.map(source => source.get(['services'])))
  const { services } = detectServices(document, config)
  const web = services.filter(service => service.role === 'web').map(service => service.name)
  const built = Object.keys(document.services).filter(name => document.services[name]?.build !== undefined)
  const [only, ...others] = web.length > 0 ? web : built
  if (only !== undefined && others.length === 0) return { service: only, message: '', mend: '' }
  const choice = [only, ...others].filter(name => name !== undefined)
  return {
    service: undefined,
    message: '`migrate` does not say whose image carries the migrator, and it can not be told',
    mend: `Say it: \`migrate: { service: ${choice[0] ?? 'api'}, command: … }\`${choice.length > 1 ? `; there are ${choice.join(', ')}` : ''}.`,
  }
}

type Found = { service: string | undefined; message: string; mend: string }

/** As much of Compose's layering as it takes to see which service is what. */
function layered(layers: readonly unknown[]): ComposeDocument {
  const services = new Map<string, ComposeService>()
  for (const layer of layers) {
    if (typeof layer !== 'object' || layer === null) continue
    for (const [name, service] of Object.entries(layer)) {
      if (typeof service === 'object' && service !== null) services.set(name, { ...services.get(name), ...service })
    }
  }
  return { services: Object.fromEntries(services) }
}
