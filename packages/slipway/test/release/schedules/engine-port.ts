import type { Release } from '../../../src/release/model.ts'
import type { ContainerState, Engine, JobResult } from '../../../src/release/ports.ts'
import { live } from './databases.ts'
import type { SlipwayProcess } from './process.ts'
import type { Server } from './server.ts'

/** Docker and Compose on the simulated server. */
export function simulatedEngine(process: SlipwayProcess): Engine {
  const { server } = process
  const { running } = server
  return {
    stateMatches: release =>
      process.call('engine.stateMatches', () => server.stateDefinition === release.stateFingerprint),
    async ensureState(release, beforeChange) {
      const { changes } = await process.call('engine.stateDiffers', () => ({
        changes: server.stateDefinition !== release.stateFingerprint,
      }))
      if (changes) await beforeChange?.()
      return process.call('engine.ensureState', () => {
        server.databases.create()
        server.paths.add(release.id)
        if (server.stateDefinition === release.stateFingerprint) return { changed: [] }
        if (server.edge !== undefined && server.edge !== 'held') server.violate('the database restarted under traffic')
        server.stateDefinition = release.stateFingerprint
        return { changed: ['db'] }
      })
    },
    async makeReady(release) {
      await process.sleep(makeReadyMs)
      await process.call('engine.makeReady', () => {
        if (server.edge === 'held') server.violate('people wait while a release is made ready')
        server.paths.add(release.id)
        server.made.add(release.id)
      })
    },
    migrate: release => process.call('engine.migrate', () => migrate(server, release)),
    start: (release, role) => process.call('engine.start', () => server.started(release.id, role)),
    containers: release => process.call('engine.containers', () => containersOf(server, release)),
    watch: () => process.call('engine.watch', () => ({ stop() {} })),
    checkHealth: () => process.call('engine.checkHealth', () => ({ ok: true, output: '' })),
    logs: () => process.call('engine.logs', () => ['last words']),
    quietWorkers: release =>
      process.call('engine.quietWorkers', () => {
        running.get(release.id)?.delete('worker')
        return []
      }),
    wakeWorkers: release =>
      process.call('engine.wakeWorkers', () => {
        if (release.services.some(({ role }) => role === 'worker')) servicesOf(server, release).add('worker')
      }),
    async remove(release, _how, whenStopped) {
      await process.call('engine.remove', () => {
        running.delete(release.id)
        server.made.delete(release.id)
        server.paths.delete(release.id)
      })
      await whenStopped?.()
    },
    doorNetworks: release => process.call('engine.doorNetworks', () => [`door of ${release.id}`]),
    // A network of the simulated server is known by the release that is attached to it.
    databaseNetworks: release =>
      process.call('engine.databaseNetworks', () => {
        server.paths.add(release.id)
        return [release.id]
      }),
    prune: () => process.call('engine.prune', () => []),
  }
}

function migrate(server: Server, release: Release): JobResult {
  const image = server.images.get(release.id)
  const database = server.databases.get(live)
  if (image === undefined || database === undefined) throw new Error('there is nothing to migrate')
  const { migrator } = image.traits
  const pending = image.migrations.filter(migration => !database.applied.has(migration.id))
  if (migrator === 'lies') return done(0)
  if (migrator === 'fails-at-once') return done(1)
  for (const { id, compatible } of pending) {
    if (migrator === 'fails-half-way') database.half.set(id, compatible)
    else {
      database.half.delete(id)
      database.applied.set(id, compatible)
    }
  }
  return done(migrator === 'works' ? 0 : 1)
}

function done(exitCode: number): JobResult {
  return { exitCode, output: exitCode === 0 ? [] : ['boom'], timedOut: false }
}

function servicesOf(server: Server, release: Release): Set<string> {
  const services = server.running.get(release.id) ?? new Set()
  server.running.set(release.id, services)
  return services
}

function containersOf(server: Server, release: Release): ContainerState[] {
  const crashing = { crash: 'api', 'worker-crash': 'worker', good: undefined, never: undefined, 'turns-bad': undefined }
  const health = server.images.get(release.id)?.traits.health ?? 'good'
  return [...(server.running.get(release.id) ?? [])].map(service => ({
    id: `${release.id}-${service}`,
    name: `${release.id}-${service}`,
    service,
    status: 'running',
    health: service === 'worker' ? 'healthy' : 'none',
    exitCode: crashing[health] === service ? 1 : 0,
    restarts: crashing[health] === service ? 2 : 0,
    outOfMemory: false,
    healthOutput: '',
  }))
}

/** Longer than the rehearsal that it goes on beside. */
const makeReadyMs = 800
