import type { EnvironmentConfig } from '../config/model.ts'
import type { Release } from '../release/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { safeHost, safeName, safeNetwork } from './names.ts'

/** What one environment wants of the front. Kept as data in `sites/`, all of them make up the front's configuration. Pure. */
export function siteOf(release: Release, config: EnvironmentConfig): Site | undefined {
  const { edge } = config
  const web = release.services.filter(service => service.role === 'web')
  if (edge.mode === 'none' || web.length === 0) return undefined
  const project = safeName(release.project, 'the project')
  const domains = edge.mode === 'domains' ? edge.domains.map(safeHost) : []
  const services = web.map(service => ({
    name: safeName(service.name, 'the service'),
    hosts: service.hosts.map(safeHost),
  }))
  oneTakesTheRest(project, services)
  const trustedProxies = edge.trustedProxies.map(safeNetwork)
  if (edge.mode === 'domains') {
    const own = services.map(service => (service.hosts.length > 0 ? service : { ...service, hosts: domains }))
    needsDomains(own)
    const email = edge.email
    return { project, mode: 'domains', services: own, trustedProxies, ...(email === undefined ? {} : { email }) }
  }
  return { project, mode: 'address', listen: listenOf(config), services, trustedProxies }
}

export type Site = {
  project: string
  /** Without hosts: whatever no other service claims. */
  services: SiteService[]
  trustedProxies: string[]
} & ({ mode: 'address'; listen: Address } | { mode: 'domains'; email?: string })

export interface SiteService {
  name: string
  hosts: string[]
}

export interface Address {
  host: string
  port: number
}

/** Reads back what an earlier deployment, of this or another project, wrote; undefined: it is not a site. */
export function siteFromText(text: string): Site | undefined {
  try {
    const site = JSON.parse(text) as Site
    safeName(site.project, 'the project')
    for (const service of site.services) {
      safeName(service.name, 'the service')
      service.hosts.forEach(safeHost)
    }
    site.trustedProxies.forEach(safeNetwork)
    if (site.mode === 'address') return isAddress(site.listen) ? site : undefined
    return site.mode === 'domains' ? site : undefined
  } catch {
    return undefined
  }
}

export function isEverywhere(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::' || host === '*'
}

function listenOf(config: EnvironmentConfig): Address {
  const listen = config.edge.listen
  if (listen !== undefined && isAddress(listen))
    return { host: isEverywhere(listen.host) ? '' : listen.host, port: listen.port }
  throw new SlipwayError('CONFIG_INVALID', 'The edge does not know where to listen', {
    why: 'edge.mode is address, and edge.listen is not a host and a port.',
    state: 'Nothing was changed.',
    next: 'Write edge.listen as in 127.0.0.1:8080.',
  })
}

function isAddress(address: Address): boolean {
  return (
    Number.isInteger(address.port) &&
    address.port > 0 &&
    address.port < 65_536 &&
    /^[0-9a-zA-Z.:_-]*$|^\*$/.test(address.host)
  )
}

function needsDomains(services: readonly SiteService[]): void {
  const without = services.find(service => service.hosts.length === 0)
  if (without === undefined) return
  throw new SlipwayError('CONFIG_INVALID', `The edge has no domain for the web service ${without.name}`, {
    why: 'edge.domains is empty and the service has no hosts.',
    state: 'Nothing was changed.',
    next: 'Write edge.domains in slipway.yaml.',
  })
}

function oneTakesTheRest(project: string, services: readonly SiteService[]): void {
  const rest = services.filter(service => service.hosts.length === 0)
  if (rest.length < 2) return
  throw new SlipwayError('CONFIG_INVALID', `The edge can not tell the web services of ${project} apart`, {
    why: `${rest.map(service => service.name).join(' and ')} have no hosts; only one service can take what no other claims.`,
    state: 'Nothing was changed.',
    next: 'Give all but one of them hosts in slipway.yaml.',
  })
}
