import type { Release, ReleaseId, ReleaseService } from '../../../src/release/model.ts'
import type { ReleaseTraits } from './schedule.ts'
import type { Schema } from './databases.ts'

export interface Migration {
  id: string
  /** Code that does not know it lives with it. */
  compatible: boolean
}

/** What is really inside a release, whatever anybody believes. */
export interface Image {
  traits: Pick<ReleaseTraits, 'health' | 'migrator' | 'rehearsal'>
  migrations: readonly Migration[]
}

/** Code needs all of its own migrations in full, and of others only those that leave it alone. */
export function livesWith(image: Image, schema: Schema): boolean {
  const own = ownOf(image)
  for (const id of own) if (!schema.applied.has(id)) return false
  for (const [id, compatible] of schema.applied) if (!compatible && !own.has(id)) return false
  for (const [id, compatible] of schema.half) if (!compatible || own.has(id)) return false
  return true
}

/** Asked at every moment of a story, and an image never changes. */
const known = new WeakMap<Image, ReadonlySet<string>>()

function ownOf(image: Image): ReadonlySet<string> {
  const found = known.get(image) ?? new Set(image.migrations.map(migration => migration.id))
  known.set(image, found)
  return found
}

export function makeRelease(id: ReleaseId, content: string, migrations: readonly Migration[], state: string): Release {
  return {
    id,
    app: 'app',
    environment: 'prod',
    project: 'app-prod',
    createdAt: '',
    version: content,
    services,
    images: { api: `sha256:${content}`, worker: `sha256:${content}` },
    fingerprint: `${content}|${fingerprintOf(migrations)}|${state}`,
    stateFingerprint: state,
    migrationFingerprint: fingerprintOf(migrations),
    database: 'db',
    directory: `/releases/${id}`,
  }
}

export function fingerprintOf(migrations: readonly Migration[]): string {
  return migrations.map(migration => migration.id).join('+')
}

const health = { intervalMs: 2000, deadlineMs: 30_000, timeoutMs: 5000 }

export const services: ReleaseService[] = [
  {
    name: 'api',
    role: 'web',
    port: 3000,
    hosts: [],
    health: { ...health, path: '/health' },
    replicas: 1,
    dockerHealth: false,
  },
  { name: 'worker', role: 'worker', hosts: [], health, replicas: 1, dockerHealth: true },
]
