import type { ReleaseId } from '../release/model.ts'
import { inDoor, inFront } from './layout.ts'
import { SlipwayError } from '../support/errors.ts'
import { safeName, safeNetworkName } from './names.ts'

/**
 * How the front and the doors are run: argv for `docker`. Pure.
 *
 * Both are restarted always: nobody stops them but to remove them, and a Docker daemon that has died takes what outlived
 * it for stopped by a person, whom `unless-stopped` obeys.
 *
 * Both may use NET_BIND_SERVICE even where they bind no low port: the official image's `caddy` carries that
 * capability on its file, and the kernel refuses to start such a program where the capability is out of bounds.
 */
export function frontArgv(front: FrontContainer): string[] {
  return [
    ['run', '--detach', '--name', front.name, '--restart', 'always'],
    ['--label', `${labels.role}=edge`, '--label', `${labels.edge}=${front.directory}`],
    // The host's network: the app sees the client's address instead of a bridge's, no userland proxy copies each
    // byte, and the host's firewall applies, which ports published by Docker walk around.
    ['--network', 'host'],
    // Root in the container, but only as far as opening sockets of whichever user the doors run as.
    ['--user', '0:0', ...confined(['NET_BIND_SERVICE', 'DAC_OVERRIDE'])],
    ['--memory', '512m', '--env', 'GOMEMLIMIT=400MiB'],
    ['--mount', `type=bind,source=${front.directory},target=/edge`],
    ['--mount', `type=volume,source=${front.volume},target=/data`],
    ['--tmpfs', '/tmp:mode=1777', ...home('/data')],
    ['--', front.image, 'caddy', 'run', '--config', inFront.config],
  ].flat()
}

export interface FrontContainer {
  name: string
  image: string
  directory: string
  /** Keeps certificates. */
  volume: string
}

export function doorArgv(door: DoorContainer): string[] {
  const [network, ...others] = door.networks
  if (network === undefined) throw new SlipwayError('BUG', `The door ${door.name} was given no network`)
  return [
    others.length === 0 ? ['run', '--detach'] : ['create'],
    ['--name', door.name, '--restart', 'always'],
    ['--label', `${labels.project}=${door.project}`],
    ['--label', `${labels.release}=${door.release}`],
    ['--label', `${labels.role}=door`],
    ['--label', `${labels.definition}=${door.definition}`],
    ['--network', safeNetworkName(network)],
    // A service whose containers do not run yet has no name yet. With `ndots` set Docker answers so at once
    // instead of asking the world's resolvers, which takes seconds where there are none.
    ['--dns-search', '.', '--dns-option', 'ndots:1'],
    // As the user that runs Slipway: the sockets are then this process's own.
    ['--user', `${door.user.uid}:${door.user.gid}`, ...confined(['NET_BIND_SERVICE'])],
    // All who waited in a hold fit in, also when the app answers none of them (hold.ts).
    ['--memory', '384m', '--env', 'GOMEMLIMIT=320MiB'],
    ['--mount', `type=bind,source=${door.directory},target=/door`],
    ['--tmpfs', '/tmp:mode=1777', ...home('/tmp')],
    ['--', door.image, 'caddy', 'run', '--config', inDoor.config],
  ].flat()
}

export interface DoorContainer {
  name: string
  image: string
  project: string
  release: ReleaseId
  /** Changes when the door's configuration does: a door that runs is kept only if it is the wanted one. */
  definition: string
  networks: string[]
  directory: string
  user: { uid: number; gid: number }
}

export function doorName(project: string, release: ReleaseId): string {
  return `${safeName(project, 'the project')}-${safeName(release, 'the release')}-door`
}

export const labels = {
  project: 'slipway.project',
  release: 'slipway.release',
  role: 'slipway.role',
  definition: 'slipway.definition',
  edge: 'slipway.edge',
} as const

function confined(capabilities: readonly string[]): string[] {
  return [
    ['--read-only', '--security-opt', 'no-new-privileges', '--cap-drop', 'ALL'],
    ...capabilities.map(capability => ['--cap-add', capability]),
  ].flat()
}

function home(directory: string): string[] {
  return [
    ['--env', `XDG_DATA_HOME=${directory}`, '--env', `XDG_CONFIG_HOME=/tmp`, '--env', 'HOME=/tmp'],
    ['--log-driver', 'json-file', '--log-opt', 'max-size=5m', '--log-opt', 'max-file=2'],
  ].flat()
}
