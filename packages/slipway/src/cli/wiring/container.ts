import type { EnvironmentConfig } from '../../config/model.ts'
import { stateContainers } from '../../engine/state.ts'
import type { Release } from '../../release/model.ts'
import type { ContainerState, Ports } from '../../release/ports.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { ContainerRequest } from '../application.ts'

/** The container of what serves that somebody means: of the release behind the edge, or of a state service. */
export async function containerFor(
  wanted: ContainerRequest,
  config: EnvironmentConfig,
  ports: Pick<Ports, 'edge' | 'engine' | 'releases'>,
): Promise<ContainerState> {
  const release = await serving(ports)
  if (release === undefined) {
    throw new SlipwayError('NO_RELEASE', 'Nothing was deployed yet', {
      next: `slipway deploy ${config.environment}`,
    })
  }
  const state = await stateContainers(config.project)
  return chosen(wanted, release, config.environment, [
    ...(await ports.engine.containers(release)),
    ...state.map(each => each.state),
  ])
}

/** The link on disk is the truth: while a new release is watched, it serves and is not yet the current one. */
async function serving(ports: Pick<Ports, 'edge' | 'releases'>): Promise<Release | undefined> {
  const live = await ports.edge.live()
  const linked = live === undefined || live === 'held' ? undefined : await ports.releases.get(live)
  return linked ?? ports.releases.current()
}

/** Pure. */
export function chosen(
  { service, replica }: ContainerRequest,
  release: Pick<Release, 'id'>,
  environment: string,
  containers: readonly ContainerState[],
): ContainerState {
  const own = containers.filter(each => each.service === service).toSorted((a, b) => numberOf(a) - numberOf(b))
  if (own.length === 0) throw noService(service, release, containers)
  if (replica !== undefined && own[replica - 1] === undefined) {
    throw new SlipwayError('USAGE', `${service} has no container ${replica}`, {
      why: own.length === 1 ? 'it has one' : `it has ${own.length}`,
      next: `Choose a number from 1 to ${own.length}, or leave out --replica.`,
    })
  }
  const found = replica === undefined ? own.find(each => each.status === 'running') : own[replica - 1]
  if (found?.status === 'running') return found
  const shown = found === undefined ? own : [found]
  throw new SlipwayError(
    'CONTAINER_STOPPED',
    shown.length === 1 ? `The container of ${service} does not run` : `No container of ${service} runs`,
    {
      why: shown.map(stateOf).join('; '),
      state: 'nothing was run',
      next: `See what it said: slipway logs ${environment} ${service}`,
    },
  )
}

/** As Compose counts them: `shop-prod-r12-web-2`. */
function numberOf({ name }: ContainerState): number {
  return Number(/-(\d+)$/.exec(name)?.[1] ?? 0)
}

function stateOf({ name, status, exitCode }: ContainerState): string {
  return status === 'exited' ? `${name} has ended with code ${exitCode}` : `${name} is ${status}`
}

function noService(service: string, release: Pick<Release, 'id'>, containers: readonly ContainerState[]): SlipwayError {
  const names = [...new Set(containers.map(each => each.service))].sort()
  return new SlipwayError('USAGE', `No container of a service ${JSON.stringify(service)} belongs to ${release.id}`, {
    why: names.length === 0 ? 'it has no containers' : `there are ${names.join(', ')}`,
    state: 'nothing was run',
    next: names[0] === undefined ? 'slipway status' : `Name one of them, as in: slipway exec ${names[0]} -- sh`,
  })
}
