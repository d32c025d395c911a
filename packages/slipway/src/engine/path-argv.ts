import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { Release } from '../release/model.ts'
import { pathPorts } from '../support/path-ports.ts'
import { labels, releaseProject } from './names.ts'

/**
 * How the two ends of a release's way to the database are run: relays in its networks, which go with the release. Pure.
 *
 * They are restarted always, as the doors are: a Docker daemon that has died takes what outlived it for stopped by a
 * person, whom `unless-stopped` obeys.
 */
export function offeredArgv({ release, network, service, address, port, image, command }: OfferedPath): string[] {
  return [
    ['run', '--detach', ...common(release, `${address}:${port}`)],
    ['--network', network, '--publish', `${bracketed(address)}:${port}:${databasePort}`],
    ['--', image, command, String(databasePort), service, String(databasePort)],
  ].flat()
}

/** To be connected to more networks before it starts. */
export function takenArgv({ release, network, address, port, image, command }: TakenPath): string[] {
  return [
    ['create', ...common(release, `${address}:${port}`), '--network', network],
    ['--', image, command, String(databasePort), address, String(port)],
  ].flat()
}

export interface PathContainer {
  release: Release
  /** The one that is made for it alone: from there it reaches the other servers. */
  network: string
  /** The private address of the database's server. */
  address: string
  port: number
  /** Slipway's own, and what it is told to do: to pass on what comes to a port. */
  image: string
  command: string
}

export interface OfferedPath extends PathContainer {
  service: string
}
export type TakenPath = PathContainer

export const pathName = (release: Release): string => `${releaseProject(release.project, release.id)}-path`

/** What PostgreSQL's image listens on. */
export const databasePort = 5432

/** The container's label: where the way begins. */
export const pathLabel = 'slipway.path'

/** Ports on the private address, in the order in which they are tried. Two environments seldom begin at the same one. */
export function portsToTry({ project, id }: Pick<Release, 'project' | 'id'>): number[] {
  const start = createHash('sha256').update(project).digest().readUInt16BE(0) + Number(id.slice(1))
  const count = pathPorts.last - pathPorts.first + 1
  return Array.from({ length: tries }, (_, index) => pathPorts.first + ((start + index) % count))
}

const tries = 40

function common(release: Release, start: string): string[] {
  return [
    ['--name', pathName(release), '--restart', 'always', '--pull', 'never', '--init'],
    ['--label', `${labels.project}=${release.project}`, '--label', `${labels.release}=${release.id}`],
    ['--label', `${labels.role}=path`, '--label', `${pathLabel}=${start}`],
    ['--user', '65534:65534', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ['--memory', '128m', '--pids-limit', '64'],
    ['--log-driver', 'json-file', '--log-opt', 'max-size=1m', '--log-opt', 'max-file=1'],
  ].flat()
}

function bracketed(address: string): string {
  return isIPv6(address) ? `[${address}]` : address
}
