import { SlipwayError } from '../../../src/support/errors.ts'
import type { EnvironmentConfig } from '../../../src/config/model.ts'
import type { Event } from '../../../src/release/events.ts'
import type { DeploymentId, Release, ReleaseId } from '../../../src/release/model.ts'
import type { Journal, Ports, ReleaseStore } from '../../../src/release/ports.ts'
import { simulatedBackups, simulatedDatabase, simulatedRehearsals } from './database-port.ts'
import { simulatedEdge } from './edge-port.ts'
import { simulatedEngine } from './engine-port.ts'
import type { SlipwayProcess } from './process.ts'
import type { Server } from './server.ts'

/** What one process of Slipway sees of the simulated server. `fetched` is the code that it would find. */
export function simulatedPorts(
  process: SlipwayProcess,
  config: EnvironmentConfig,
  fetched: (id: ReleaseId) => Release,
): Ports {
  const { server } = process
  return {
    clock: {
      now: () => server.time.date(),
      monotonic: () => server.time.now,
      sleep: milliseconds => process.sleep(milliseconds),
    },
    lock: {
      acquire: () =>
        process.call('lock.acquire', () => {
          if (server.locked) throw new SlipwayError('LOCKED', 'Another deployment is under way')
          server.locked = true
          return {
            release() {
              // The end of a pipe is closed: whatever is said of it, and whoever dies of it, the lock is free.
              if (process.alive) server.locked = false
              return process.call('lock.release', () => undefined)
            },
          }
        }),
    },
    journal: journal(process),
    releases: releases(process),
    checks: { preflight: () => process.call('checks.preflight', () => []) },
    source: {
      fetch: (_plan, id) =>
        process.call('source.fetch', () => {
          const release = fetched(id)
          server.releases.set(id, release)
          return release
        }),
      discard: id => process.call('source.discard', () => remove(server, id)),
    },
    engine: simulatedEngine(process),
    edge: simulatedEdge(process, config),
    database: simulatedDatabase(process),
    rehearsals: simulatedRehearsals(process),
    backups: simulatedBackups(process),
    warm: {
      read: () => process.call('warm.read', () => server.warmNote),
      write: note => process.call('warm.write', () => void (server.warmNote = note)),
      clear: () => process.call('warm.clear', () => void (server.warmNote = undefined)),
      tooTight: () => process.call('warm.tooTight', () => undefined),
    },
    hooks: { run: when => process.call(`hooks.${when}`, () => undefined) },
  }
}

function journal(process: SlipwayProcess): Journal {
  const { journals, records } = process.server
  return {
    open: id =>
      process.call('journal.open', () => {
        journals.set(id, journals.get(id) ?? [])
        return {
          append: event =>
            process.call(
              `journal ${told(event)}`,
              () => void journals.get(id)?.push({ type: event.type, text: JSON.stringify(event) }),
            ),
          close: () => process.call('journal.close', () => undefined),
        }
      }),
    nextId: () => process.call('journal.nextId', (): DeploymentId => `d${journals.size + 1}`),
    read: id => process.call('journal.read', () => eventsOf(process.server, id)),
    unfinished: () => process.call('journal.unfinished', () => unfinished(process.server)),
    record: record => process.call('journal.record', () => void records.set(record.id, structuredClone(record))),
    history: () => process.call('journal.history', () => [...records.values()]),
  }
}

function releases(process: SlipwayProcess): ReleaseStore {
  const { server } = process
  const { releases: stored } = server
  return {
    nextId: () =>
      process.call('releases.nextId', (): ReleaseId => {
        const numbers = [...stored.keys()].map(id => Number(id.slice(1)))
        return `r${Math.max(0, ...numbers) + 1}`
      }),
    current: () =>
      process.call('releases.current', () => (server.current === undefined ? undefined : stored.get(server.current))),
    get: id => process.call('releases.get', () => stored.get(id)),
    all: () => process.call('releases.all', () => [...stored.values()]),
    setCurrent: id => process.call('releases.setCurrent', () => void (server.current = id)),
    remove: id => process.call('releases.remove', () => remove(server, id)),
  }
}

/** As the real journal decides it. */
export function unfinished(server: Server): DeploymentId | undefined {
  const id = [...server.journals.keys()].at(-1)
  if (id === undefined) return undefined
  const lines = server.journals.get(id) ?? []
  const ended = lines
    .filter(({ type }) => type === 'deployment-finished')
    .map(({ text }) => JSON.parse(text) as Event)
    .some(event => event.type === 'deployment-finished' && event.outcome !== 'needs-person')
  return lines.length === 0 || ended ? undefined : id
}

function eventsOf(server: Server, id: DeploymentId): Event[] {
  return (server.journals.get(id) ?? []).map(({ text }) => JSON.parse(text) as Event)
}

function remove(server: Server, id: ReleaseId): void {
  if (id === server.current || id === server.edge) server.violate(`the folder of ${id} was removed while it serves`)
  server.releases.delete(id)
}

function told(event: Event): string {
  return 'step' in event ? `${event.type} ${event.step}` : event.type
}
