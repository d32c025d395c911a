import { isEverywhere, type Address } from './site.ts'

/** The addresses on which a front with this configuration listens. Pure. */
export function listensOf(config: unknown): Address[] {
  const http = (config as FrontDocument | null | undefined)?.apps?.http
  if (http === undefined) return []
  const listens = Object.values(http.servers ?? {}).flatMap(server => server.listen ?? [])
  // Caddy redirects from there by itself.
  const redirects = http.servers?.['domains'] === undefined ? [] : [`:${http.http_port ?? 80}`]
  return [...listens, ...redirects].map(addressOf)
}

interface FrontDocument {
  apps?: { http?: { http_port?: number; servers?: Record<string, { listen?: string[] }> } }
}

function addressOf(listen: string): Address {
  const colon = listen.lastIndexOf(':')
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, '')
  return { host: isEverywhere(host) ? '' : host, port: Number(listen.slice(colon + 1)) }
}
