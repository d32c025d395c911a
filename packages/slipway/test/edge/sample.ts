import type { EnvironmentConfig } from '../../src/config/model.ts'
import type { Release, ReleaseId } from '../../src/release/model.ts'

export function sampleRelease(
  project: string,
  services: { name: string; hosts?: string[]; port?: number }[],
  id: ReleaseId = 'r1',
): Release {
  const health = { intervalMs: 1000, deadlineMs: 30_000, timeoutMs: 5000 }
  return {
    id,
    app: 'shop',
    environment: 'test',
    project,
    createdAt: '2026-01-01T00:00:00.000Z',
    version: 'v1',
    services: services.map(service => ({
      role: 'web' as const,
      port: 3000,
      hosts: [],
      health,
      replicas: 1,
      dockerHealth: false,
      ...service,
    })),
    images: {},
    fingerprint: 'f',
    stateFingerprint: 's',
    directory: '/releases/r1',
  }
}

export function sampleConfig(project: string, edge: Partial<EnvironmentConfig['edge']>): EnvironmentConfig {
  return {
    file: '/app/slipway.yaml',
    directory: '/app',
    app: 'shop',
    environment: 'test',
    project,
    production: false,
    composeFiles: [],
    source: { kind: 'directory' },
    services: {},
    health: { intervalMs: 1000, deadlineMs: 30_000, timeoutMs: 5000 },
    edge: { mode: 'address', domains: [], trustedProxies: [], ...edge },
    hold: { limitMs: 60_000 },
    drain: { limitMs: 10_000 },
    rehearse: { mode: 'full', smoke: [], timeoutMs: 900_000 },
    watch: { forMs: 60_000 },
    warm: { forMs: 600_000 },
    hooks: { beforeDeploy: [], afterDeploy: [], onFailure: [], alert: [], timeoutMs: 1000 },
    backups: { directory: '/backups', format: 'custom', keep: 5, daily: { keepDays: 7 } },
    rollback: { data: 'ask' },
    retention: { releases: 3, databases: 2 },
    secrets: { file: '/project/secrets/prod.yaml', rules: {} },
    scan: { allow: [] },
  }
}

/** What tries to be more than a name. */
export const hostileNames = [
  '',
  '.',
  '..',
  '../etc',
  'a/b',
  '-rf',
  '--privileged',
  'a b',
  'a;touch marker',
  '$(touch marker)',
  '`id`',
  'a\nb',
  'a\u0000b',
  'é',
  '{env.HOME}',
  'A',
  'x'.repeat(300),
]
