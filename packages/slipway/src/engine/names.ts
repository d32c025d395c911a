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
  return `slipway/${project}-${service}:${release}`
}

export const migrateService = 'slipway-migrate'

export const labels = {
  project: 'slipway.project',
  release: 'slipway.release',
  role: 'slipway.role',
  state: 'slipway.state',
} as const

export const files = {
  /** All that Compose resolved, with paths inside the release's folder. */
  document: 'resolved.compose.json',
  release: 'release.compose.json',
  state: 'state.compose.json',
  build: 'build.compose.json',
} as const
