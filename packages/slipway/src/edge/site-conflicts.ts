import { isEverywhere, type Address, type Site } from './site.ts'

/** What keeps a site from sharing the front with the others, in one sentence; undefined: nothing does. Pure. */
export function conflictOf(site: Site, others: readonly Site[], ports: FrontPorts): Conflict | undefined {
  for (const other of others) {
    if (other.project === site.project) continue
    const found = addressConflict(site, other, ports) ?? hostConflict(site, other)
    if (found !== undefined) return found
  }
  return undefined
}

export interface Conflict {
  why: string
  port: number | undefined
}

/** 80 and 443, but for tests. */
export interface FrontPorts {
  http: number
  https: number
}

/** Where the front listens for a site. */
export function addressesOf(site: Site, ports: FrontPorts): Address[] {
  if (site.mode === 'address') return [site.listen]
  return [
    { host: '', port: ports.http },
    { host: '', port: ports.https },
  ]
}

/** The same address is shared, told apart by hosts; addresses that merely overlap would leave it to the kernel. */
function addressConflict(site: Site, other: Site, ports: FrontPorts): Conflict | undefined {
  for (const mine of addressesOf(site, ports)) {
    for (const theirs of addressesOf(other, ports)) {
      if (mine.port !== theirs.port) continue
      const same = mine.host === theirs.host
      if (same && site.mode === other.mode) continue
      if (!same && !isEverywhere(mine.host) && !isEverywhere(theirs.host)) continue
      return { why: `${other.project} already has the edge listen on ${written(theirs)}.`, port: mine.port }
    }
  }
  return undefined
}

function hostConflict(site: Site, other: Site): Conflict | undefined {
  if (site.mode !== other.mode) return undefined
  if (site.mode === 'address' && other.mode === 'address') {
    if (written(site.listen) !== written(other.listen)) return undefined
    const port = site.listen.port
    if (takesTheRest(site) && takesTheRest(other)) {
      return { why: `${other.project} already takes every host on ${written(site.listen)} that no other claims.`, port }
    }
  }
  const theirs = new Set(other.services.flatMap(service => service.hosts))
  const shared = site.services.flatMap(service => service.hosts).find(host => theirs.has(host))
  if (shared === undefined) return undefined
  return { why: `${other.project} already serves the host ${shared}.`, port: undefined }
}

function takesTheRest(site: Site): boolean {
  return site.services.some(service => service.hosts.length === 0)
}

export function written(address: Address): string {
  if (isEverywhere(address.host)) return `port ${address.port}`
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
