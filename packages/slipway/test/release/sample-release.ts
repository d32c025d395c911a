import type { Release, ReleaseId } from '../../src/release/model.ts'

export function makeRelease(id: ReleaseId, version: string): Release {
  const health = { path: '/health', intervalMs: 2000, deadlineMs: 30_000, timeoutMs: 5000 }
  const { path: _path, ...withoutPath } = health
  return {
    id,
    app: 'app',
    environment: 'prod',
    project: 'app-prod',
    createdAt: '',
    version,
    services: [
      { name: 'api', role: 'web', port: 3000, hosts: [], health, replicas: 1, dockerHealth: false },
      { name: 'worker', role: 'worker', hosts: [], health: withoutPath, replicas: 1, dockerHealth: false },
    ],
    images: { api: `sha256:${version}`, worker: `sha256:${version}` },
    fingerprint: version,
    stateFingerprint: 'state',
    database: 'db',
    directory: `/releases/${id}`,
  }
}

export function isWorker({ role }: Release['services'][number]): boolean {
  return role === 'worker'
}
