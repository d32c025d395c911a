import { isAbsolute, join } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import { safeName } from './names.ts'

/**
 * Where the edge keeps its things. The front container sees the edge directory as /edge,
 * a door container sees its own directory as /door. Pure.
 */
export function edgeLayout(directory: string): EdgeLayout {
  if (!isAbsolute(directory)) {
    throw new SlipwayError('BUG', 'The edge directory must be absolute', { why: `It is ${JSON.stringify(directory)}.` })
  }
  // It becomes a field of `docker run --mount`.
  if (/[,"\n\r]/.test(directory)) {
    throw new SlipwayError('EDGE_FAILED', `The edge can not live in ${JSON.stringify(directory)}`, {
      why: 'The path has a comma, a quote or a line break.',
      state: 'Nothing was changed.',
      next: 'Set SLIPWAY_HOME to a plain path.',
    })
  }
  return {
    directory,
    frontConfig: join(directory, 'front.json'),
    frontLock: join(directory, 'front.lock'),
    leaving: join(directory, leavingName),
    frontAdmin: socketPath(join(directory, 'admin.sock')),
    sites: join(directory, 'sites'),
    site: project => join(directory, 'sites', `${safeName(project, 'the project')}.json`),
    project: project => join(directory, 'doors', safeName(project, 'the project')),
    door: (project, release) => doorLayout(join(directory, 'doors', safeName(project, 'the project')), release),
    live: project => join(directory, 'doors', safeName(project, 'the project'), liveName),
  }
}

export interface EdgeLayout {
  directory: string
  frontConfig: string
  /** Held by the one process that changes the front. */
  frontLock: string
  leaving: string
  frontAdmin: string
  sites: string
  site(project: string): string
  /** Everything of one project: its doors and its link. */
  project(project: string): string
  door(project: string, release: string): DoorLayout
  live(project: string): string
}

export interface DoorLayout {
  directory: string
  config: string
  admin: string
  held: string
  socket(service: string): string
}

/** The symbolic link that says what is behind the edge: a release's id, or `hold`. */
export const liveName = 'live'
export const holdName = 'hold'

/** A file beside the sockets of a hold: as long as `live` leads there, requests are held. */
export const heldName = '_held'

/** No service's name begins with an underscore, so a service `admin` keeps its own socket. */
const doorAdmin = '_admin.sock'

/** A file in the edge directory: there while the front is about to be reloaded. */
export const leavingName = 'leaving'

export const inFront = {
  config: '/edge/front.json',
  admin: '/edge/admin.sock',
  doors: (project: string): string => `/edge/doors/${safeName(project, 'the project')}`,
  liveSocket: (project: string, service: string): string =>
    socketPath(`/edge/doors/${safeName(project, 'the project')}/${liveName}/${safeName(service, 'the service')}.sock`),
}

export const inDoor = {
  config: '/door/door.json',
  admin: `/door/${doorAdmin}`,
  socket: (service: string): string => socketPath(`/door/${safeName(service, 'the service')}.sock`),
}

/** The door of a release, or (with `hold` for a release) the sockets on which requests wait. */
function doorLayout(project: string, release: string): DoorLayout {
  const directory = join(project, safeName(release, 'the release'))
  return {
    directory,
    config: join(directory, 'door.json'),
    admin: socketPath(join(directory, doorAdmin)),
    held: join(directory, heldName),
    socket: service => socketPath(join(directory, `${safeName(service, 'the service')}.sock`)),
  }
}

/** The kernel's limit (sun_path). Longer paths fail late and differently in each program, some cut them silently. */
export const longestSocketPath = 107

function socketPath(path: string): string {
  if (Buffer.byteLength(path) <= longestSocketPath) return path
  throw new SlipwayError('EDGE_FAILED', 'The edge can not make a socket', {
    why: `${path} has ${Buffer.byteLength(path)} bytes; a Unix socket's path has at most ${longestSocketPath}.`,
    state: 'Nothing was changed.',
    next: 'Set SLIPWAY_HOME to a shorter path, or use shorter app, environment and service names.',
  })
}
