import type { Placement } from '../../../config/model.ts'
import { SlipwayError } from '../../../support/errors.ts'
import type { ContainerRequest } from '../../application.ts'
import type { RemoteServer } from '../remote-server.ts'

/** On which server a person means a service. Pure. */

/** Those that run the service; without one, all. */
export function serversWith<There extends Pick<RemoteServer, 'server'>>(
  service: string | undefined,
  placement: Placement,
  servers: readonly There[],
): There[] {
  if (service === undefined) return [...servers]
  const found = runsOn(service, placement, servers)
  if (found.length === 0) throw unknownService(service, placement)
  return found
}

/** The one to run a command on. */
export function serverFor<There extends Pick<RemoteServer, 'server'>>(
  { service, server }: Pick<ContainerRequest, 'service'> & { server?: string | undefined },
  environment: string,
  placement: Placement,
  servers: readonly There[],
): There {
  const running = serversWith(service, placement, servers)
  const names = running.map(there => there.server.name)
  const found = server === undefined ? running[0] : running.find(there => there.server.name === server)
  if (found !== undefined && (server !== undefined || running.length === 1)) return found
  throw new SlipwayError(
    'USAGE',
    server === undefined
      ? `${service} runs on several servers`
      : `${service} does not run on ${JSON.stringify(server)}`,
    {
      why: `it runs on ${names.join(', ')}`,
      state: 'nothing was run',
      next: `Name one: slipway exec ${environment} ${service} --server ${names[0] ?? ''} -- …`,
    },
  )
}

function runsOn<There extends Pick<RemoteServer, 'server'>>(
  service: string,
  placement: Placement,
  servers: readonly There[],
): There[] {
  const names = placement.servers.filter(each => each.services.includes(service)).map(({ name }) => name)
  return servers.filter(there => names.includes(there.server.name))
}

function unknownService(service: string, { servers }: Placement): SlipwayError {
  const known = [...new Set(servers.flatMap(({ services }) => services))].sort()
  return new SlipwayError('USAGE', `No server runs a service ${JSON.stringify(service)}`, {
    why: `they run ${known.join(', ')}`,
    state: 'nothing was done',
    next: 'Name one of these.',
  })
}
