import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { ReleaseId } from '../release/model.ts'

/** The names and labels of what a release owns in Docker. Pure. */
export function releaseProject(project: string, release: ReleaseId): string {
  return `${project}-${release}`
}

export function releaseNetwork(project: string, release: ReleaseId, network: string): string {
  return `${project}-${release}_${network}`
}

export function volumeName(project: string, volume: string): string {
  return `${project}_${volume}`
}

/** Keeps a release's image from being pruned, and tells a person what it is. */
export function imageTag(project: string, service: string, release: ReleaseId): string {
  return `${imageRepository(project)}/${repositoryPart(service)}:${release}`
}

/** A folder of its own: `a` with a service `b-c` must never name the same image as `a-b` with a service `c`. */
export function imageRepository(project: string): string {
  return `slipway/${repositoryPart(project)}`
}

/** Services and projects may have names that no image may have; their hash keeps those apart. */
function repositoryPart(name: string): string {
  if (/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/.test(name)) return name
  const readable = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return `${readable === '' ? 'x' : readable}.${createHash('sha256').update(name).digest('hex').slice(0, 8)}`
}

export const migrateService = 'slipway-migrate'

/** There is one of it, whoever makes it: its name is what keeps two from being at work. */
export function migrateContainer(composeProject: string): string {
  return `${composeProject}-migrate`
}

export const labels = {
  project: 'slipway.project',
  release: 'slipway.release',
  role: 'slipway.role',
  state: 'slipway.state',
} as const

/** What state services mount lies beside the releases, because it outlives them. */
export function lastingFolder(releaseDirectory: string): string {
  return join(dirname(releaseDirectory), 'state-files')
}

export const files = {
  /** All that Compose resolved, with paths inside the release's folder. */
  document: 'resolved.compose.json',
  release: 'release.compose.json',
  state: 'state.compose.json',
  build: 'build.compose.json',
} as const
