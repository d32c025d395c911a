import type { ComposeDocument } from './document.ts'
import { own, type DetectedService } from './roles.ts'

/**
 * A web service that is on networks of others alone is given one of the release's own: on a network that two releases
 * share, its name stands for the containers of both, and neither the gate nor the public would know who answers. Pure.
 */
export function withOwnNetworks(
  document: ComposeDocument,
  services: readonly Pick<DetectedService, 'name' | 'role'>[],
): ComposeDocument {
  const changed = services.flatMap(({ name, role }) => {
    const service = own(document.services, name)
    const keys = Object.keys(service?.networks ?? {})
    const isApart = keys.length === 0 || keys.some(key => document.networks?.[key]?.external !== true)
    if (service === undefined || role !== 'web' || isApart) return []
    return [[name, { ...service, networks: { ...service.networks, [freeKey(document)]: null } }] as const]
  })
  if (changed.length === 0) return document
  return {
    ...document,
    services: { ...document.services, ...Object.fromEntries(changed) },
    networks: { ...document.networks, [freeKey(document)]: document.networks?.[freeKey(document)] ?? {} },
  }
}

/** The one of Compose files that name none, unless that is somebody else's. */
function freeKey({ networks }: ComposeDocument): string {
  return networks?.['default']?.external === true ? 'slipway-own' : 'default'
}
