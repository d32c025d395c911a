import type { LayeredSettings } from './layers.ts'
import type { PlacedServer, Placement, ServerConfig } from './model.ts'
import type { Report } from './project-files.ts'
import { type Fault, quoted } from './rules.ts'
import { nearestName } from './suggest.ts'

/**
 * What an environment says of several servers, as far as slipway.yaml alone can tell. Undefined: it has one server, or
 * what it says has mistakes, which are reported.
 */
export function placementOf(
  settings: LayeredSettings,
  servers: readonly ServerConfig[],
  report: Report,
): Placement | undefined {
  const written = settings.servers
  if (written === undefined) return undefined
  const names = Object.keys(written)
  if (settings.server !== undefined) report(['server'], bothSaid(names))
  if (names.length < 2) report(['servers'], tooFew(names))
  const placed: PlacedServer[] = []
  for (const [name, { services }] of Object.entries(written)) {
    const server = servers.find(each => each.name === name)
    if (server === undefined) report(['servers', name], unknownServer(name, servers))
    else placed.push({ ...server, services: [...new Set(services)] })
    for (const service of namedTwice(services)) report(['servers', name, 'services'], twice(service, name))
  }
  for (const [one, other] of sameMachine(placed)) report(['servers', other.name], sameAddress(one, other))
  const database = settings.database?.service
  const withDatabase = placed.find(({ services }) => database !== undefined && services.includes(database))
  const isWhole = placed.length === names.length && names.length > 1
  const decides = withDatabase ?? (isWhole ? placed[0] : undefined)
  if (decides !== undefined && decides.privateAddress === undefined && names.length > 1) {
    report(['servers', decides.name], noAddress(decides, database))
  }
  if (decides === undefined || !isWhole) return undefined
  return { servers: placed, decides: decides.name, ...(database === undefined ? {} : { database }) }
}

export function unknownServer(name: string, servers: readonly Pick<ServerConfig, 'name'>[]): Fault {
  const known = servers.map(server => server.name)
  const near = nearestName(name, known)
  return {
    message: `\`servers\` has no ${quoted(name)}`,
    mend:
      near !== undefined
        ? `Did you mean \`${near}\`?`
        : known.length === 0
          ? `Add it: \`servers: { ${name}: { host: 203.0.113.10 } }\`, at the top level.`
          : `It has: ${known.join(', ')}.`,
  }
}

function bothSaid(names: readonly string[]): Fault {
  return {
    message: 'the environment has both `server` and `servers`',
    mend: `Keep \`server\` for one server, or \`servers\` for ${names.join(', ')}.`,
  }
}

function tooFew([name = 'prod-1']: readonly string[]): Fault {
  return {
    message: '`servers` of an environment names fewer than two',
    mend: `For one server that runs all services: \`server: ${name}\`.`,
  }
}

function twice(service: string, server: string): Fault {
  return {
    message: `\`${server}\` has the service \`${service}\` twice`,
    mend: 'Leave it there once; for more containers of it set `deploy.replicas` in the Compose file.',
  }
}

function sameAddress(one: PlacedServer, other: PlacedServer): Fault {
  return {
    message: `\`${one.name}\` and \`${other.name}\` are the same machine: ${one.host}, port ${one.port}`,
    mend: 'Put their services together under one of them.',
  }
}

function noAddress({ name }: PlacedServer, database: string | undefined): Fault {
  const why = database === undefined ? 'it decides for the others' : `it has the database \`${database}\``
  return {
    message: `the server \`${name}\` has no \`private_address\`, where the other servers reach it: ${why}`,
    mend: `Add it: \`servers: { ${name}: { private_address: 10.0.0.4 } }\`, at the top level.`,
  }
}

function namedTwice(services: readonly string[]): string[] {
  return [...new Set(services.filter((name, index) => services.indexOf(name) !== index))]
}

function sameMachine(servers: readonly PlacedServer[]): [PlacedServer, PlacedServer][] {
  return servers.flatMap((other, index) => {
    const one = servers.slice(0, index).find(each => each.host === other.host && each.port === other.port)
    return one === undefined ? [] : [[one, other] as [PlacedServer, PlacedServer]]
  })
}
