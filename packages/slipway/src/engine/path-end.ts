import type { ComposeDocument } from '../config/document.ts'
import type { Placement } from '../config/model.ts'
import type { PathEnd } from '../release/model.ts'
import { networksOf } from './release-document.ts'

/**
 * Which end of the way to the database is this server's, by the whole document: elsewhere only services that share a
 * network with the database in the Compose files reach it. Empty: nobody needs one. Pure.
 */
export function pathEnd(
  document: ComposeDocument,
  services: readonly { name: string; role: string }[],
  placement: Placement | undefined,
): { path?: PathEnd } {
  const service = placement?.database
  if (placement === undefined || service === undefined) return {}
  const passing = new Set(services.filter(each => each.role === 'web' || each.role === 'worker').map(each => each.name))
  const ofDatabase = networksOf(document.services[service])
  const shared = (names: readonly string[]): string[] => {
    const used = new Set(names.filter(name => passing.has(name)).flatMap(name => networksOf(document.services[name])))
    return ofDatabase.filter(key => used.has(key))
  }
  const { here, servers } = placement
  const elsewhere = servers.filter(server => !server.services.includes(service))
  const own = elsewhere.find(server => server.name === here)
  if (own === undefined) {
    return elsewhere.some(server => shared(server.services).length > 0) ? { path: { kind: 'offered' } } : {}
  }
  const networks = shared(own.services)
  return networks.length === 0 ? {} : { path: { kind: 'taken', service, networks } }
}
