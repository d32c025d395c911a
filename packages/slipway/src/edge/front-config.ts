import {
  adminSection,
  carried,
  loggingSection,
  transport,
  wholeAnswers,
  withoutServerName,
  type Json,
} from './caddy-document.ts'
import { heldName, inFront, leavingName, liveName } from './layout.ts'
import { isEverywhere, type Address, type Site, type SiteService } from './site.ts'
import type { FrontPorts } from './site-conflicts.ts'

/**
 * The front's configuration, made of all sites. Nothing in it depends on a release: each service is dialed through
 * the link `live`, so a deployment never reloads it. Pure.
 */
export function frontConfig(sites: readonly Site[], settings: FrontSettings): Json {
  const sorted = [...sites].sort((one, other) => (one.project < other.project ? -1 : 1))
  const domains = sorted.filter(site => site.mode === 'domains')
  return {
    admin: adminSection(inFront.admin),
    logging: loggingSection,
    apps: {
      http: {
        http_port: settings.ports.http,
        https_port: settings.ports.https,
        // At a reload the old listeners' requests get this long; WebSockets are closed at once.
        grace_period: '30s',
        servers: { ...addressServers(sorted), ...domainServer(domains, settings.ports) },
      },
      ...(domains.length === 0 ? {} : tlsApps(domains, settings)),
    },
  }
}

export interface FrontSettings {
  ports: FrontPorts
  /** Who signs certificates. Absent: the authorities that Caddy knows. */
  issuer?: Issuer
}

/** For tests. `internal`: Caddy's own, which asks nobody. Else an authority that is asked by ACME, as the public ones are. */
export type Issuer = 'internal' | { directory: string; rootsFile: string }

/** One server an address; the sites that share it are told apart by host. */
function addressServers(sites: readonly Site[]): Record<string, Json> {
  const byAddress = new Map<string, Site[]>()
  for (const site of sites) {
    if (site.mode !== 'address') continue
    const listen = caddyAddress(site.listen)
    byAddress.set(listen, [...(byAddress.get(listen) ?? []), site])
  }
  const servers = [...byAddress].map(([listen, sharing]): [string, Json] => [
    `address ${listen}`,
    { listen: [listen], automatic_https: { disable: true }, protocols: ['h1'], ...serverBody(sharing) },
  ])
  return Object.fromEntries(servers)
}

function domainServer(sites: readonly Site[], ports: FrontPorts): Record<string, Json> {
  if (sites.length === 0) return {}
  return { domains: { listen: [`:${ports.https}`], ...serverBody(sites) } }
}

function serverBody(sites: readonly Site[]): Record<string, Json> {
  const routes = sites.flatMap(site => site.services.map(service => ({ site, service })))
  routes.sort((one, other) => breadth(one.service) - breadth(other.service))
  return {
    // A client that never finishes its headers does not keep its place.
    read_header_timeout: '30s',
    routes: [leaveTaking, ...routes.map(({ site, service }) => serviceRoute(site, service)), nobodysRoute],
    errors: { routes: errorRoutes },
  }
}

/** Exact names come before wildcards, and the service that takes the rest comes last. */
function breadth(service: SiteService): number {
  if (service.hosts.length === 0) return 2
  return service.hosts.some(host => host.startsWith('*')) ? 1 : 0
}

function serviceRoute(site: Site, service: SiteService): Json {
  return {
    ...(service.hosts.length === 0 ? {} : { match: [{ host: service.hosts }] }),
    handle: [
      {
        handler: 'subroute',
        routes: [
          { handle: [knownOfClient] },
          ...trustedRoutes(site.trustedProxies),
          ...heldRoutes(site.project, service.name),
          {
            match: [{ method: ['GET', 'HEAD'] }],
            handle: [wholeAnswers, withoutServerName, toLiveDoor(site.project, service.name, waitsForDoor)],
            terminal: true,
          },
          { handle: [wholeAnswers, withoutServerName, toLiveDoor(site.project, service.name)] },
        ],
      },
    ],
    terminal: true,
  }
}

/** What the connection itself says of the client. */
const knownOfClient: Json = {
  handler: 'vars',
  forwarded_for: '{http.request.remote.host}',
  forwarded_proto: '{http.request.scheme}',
  forwarded_host: '{http.request.hostport}',
}

/** What a trusted proxy says of the client wins, field by field; from anybody else it is ignored. */
function trustedRoutes(trustedProxies: readonly string[]): Json[] {
  if (trustedProxies.length === 0) return []
  const said = (field: string, handle: Json): Json => ({
    match: [{ remote_ip: { ranges: trustedProxies }, header: { [field]: ['*'] } }],
    handle: [handle],
  })
  return [
    said('X-Forwarded-For', {
      handler: 'vars',
      forwarded_for: '{http.request.header.X-Forwarded-For}, {http.request.remote.host}',
    }),
    said('X-Forwarded-Proto', { handler: 'vars', forwarded_proto: '{http.request.header.X-Forwarded-Proto}' }),
    said('X-Forwarded-Host', { handler: 'vars', forwarded_host: '{http.request.header.X-Forwarded-Host}' }),
  ]
}

/**
 * In a hold a connection that is refused says that whoever kept the requests has died, and that somebody will come to end
 * the hold. Until then requests wait here. GET and HEAD dial again and again; as long as that finds nobody, the others
 * are not even tried, since Caddy before 2.11 loses their body at the first refusal. Outside of a hold a broken connection
 * has other causes, above all clients that give up, and nobody is to wait for those.
 */
function heldRoutes(project: string, service: string): Json[] {
  const held = { file: { root: inFront.doors(project), try_files: [`/${liveName}/${heldName}`] } }
  const safe = { method: ['GET', 'HEAD'] }
  const untried = { vars: { '{http.reverse_proxy.upstream.address}': ['', '<nil>'] } }
  const route = (matching: Json, again: Json, refusals: number): Json => ({
    match: [matching],
    handle: [
      wholeAnswers,
      withoutServerName,
      toLiveDoor(project, service, {
        load_balancing: { try_duration: heldAtMost, try_interval: '100ms', retry_match: [again] },
        health_checks: { passive: { fail_duration: '1s', max_fails: refusals } },
      }),
    ],
    terminal: true,
  })
  // Whoever kept them has read nothing of them, and what is safe changes nothing: it may be sent again.
  return [route({ ...held, ...safe }, safe, anyNumber), route(held, untried, 1)]
}

const anyNumber = 1_000_000_000

/** Longer than a runner takes that Docker starts again. Then they are told to come again: nothing else bounds how many wait. */
const heldAtMost = '30s'

/** `set` replaces whatever a client sent under the private names. */
function toLiveDoor(project: string, service: string, more: Record<string, Json> = {}): Json {
  return {
    handler: 'reverse_proxy',
    upstreams: [{ dial: `unix/${inFront.liveSocket(project, service)}` }],
    ...more,
    transport: transport('5s'),
    headers: { request: { set: Object.fromEntries(carried.map(({ by, from }) => [by, [`{http.vars.${from}}`]])) } },
  }
}

/**
 * A door that is gone for a moment (the machine has just started, a process died in a hold) is dialed again, and nobody
 * notices. Only where nothing was sent, and only without a body: Caddy before 2.11 loses that at the first refusal.
 */
const waitsForDoor = {
  load_balancing: { try_duration: '10s', try_interval: '100ms', retry_match: [{ method: ['NONE'] }] },
}

/**
 * While the file is there, each answer asks its client to come back on a new connection. Before a reload this thins out
 * the idle connections that a reload closes, at the worst just when a client sends on one.
 */
const leaveTaking: Json = {
  match: [{ file: { root: '/edge', try_files: [`/${leavingName}`] }, not: [{ header: { Upgrade: ['*'] } }] }],
  handle: [{ handler: 'headers', response: { set: { Connection: ['close'] } } }],
}

const nobodysRoute: Json = { handle: [plain(404, 'No app is served under this name here.')] }

/** Nothing behind the link: the request was not begun, so the client may come again. */
const errorRoutes: Json[] = [
  {
    match: [{ expression: '{http.error.message}.startsWith("dial ")' }],
    handle: [plain(503, 'The app is not there at the moment. Please try again.', { 'Retry-After': ['1'] })],
  },
  { handle: [plain('{http.error.status_code}', 'The app did not answer.')] },
]

function plain(status: number | string, body: string, headers: Record<string, string[]> = {}): Json {
  return {
    handler: 'static_response',
    status_code: status,
    headers: { 'Content-Type': ['text/plain; charset=utf-8'], 'Cache-Control': ['no-store'], ...headers },
    body: `${body}\n`,
  }
}

function tlsApps(sites: readonly Site[], settings: FrontSettings): Record<string, Json> {
  const policies = sites.flatMap(site => {
    const subjects = [...new Set(site.services.flatMap(service => service.hosts))].sort()
    const { issuer } = settings
    if (issuer === 'internal') return [{ subjects, issuers: [{ module: 'internal' }] }]
    const email = site.mode === 'domains' && site.email !== undefined ? { email: site.email } : {}
    const authority = issuer === undefined ? {} : { ca: issuer.directory, trusted_roots_pem_files: [issuer.rootsFile] }
    const asked = { ...email, ...authority }
    return Object.keys(asked).length === 0 ? [] : [{ subjects, issuers: [{ module: 'acme', ...asked }] }]
  })
  return {
    ...(policies.length === 0 ? {} : { tls: { automation: { policies } } }),
    // Never touch the trust store of the machine or container.
    ...(settings.issuer === 'internal'
      ? { pki: { certificate_authorities: { local: { install_trust: false } } } }
      : {}),
  }
}

function caddyAddress(address: Address): string {
  if (isEverywhere(address.host)) return `:${address.port}`
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
