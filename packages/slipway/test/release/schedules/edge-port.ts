import type { EnvironmentConfig } from '../../../src/config/model.ts'
import type { Edge } from '../../../src/release/ports.ts'
import type { SlipwayProcess } from './process.ts'

/** The front door of the simulated server. */
export function simulatedEdge(process: SlipwayProcess, config: EnvironmentConfig): Edge {
  const { server } = process
  return {
    ensureFront: release => process.call('edge.ensureFront', () => void (server.site = release.id)),
    site: () => process.call('edge.site', () => server.site),
    bringBackSite: site => process.call('edge.bringBackSite', () => void (server.site = site)),
    openDoor: release =>
      process.call('edge.openDoor', () => {
        server.doors.add(release.id)
        server.answers.delete(release.id)
      }),
    probe: release =>
      process.call('edge.probe', () => {
        const answered = { kind: 'answered', body: '', milliseconds: 1 } as const
        if (server.health(release.id) === 'good') return { ...answered, status: 200 }
        return server.running.get(release.id)?.has('api') === true && server.doors.has(release.id)
          ? { ...answered, status: 500 }
          : { kind: 'no-answer', why: 'refused' }
      }),
    probePublic: () =>
      process.call('edge.probePublic', () => {
        const { edge } = server
        if (edge === undefined || edge === 'held') return { kind: 'no-answer', why: 'refused' }
        return {
          kind: 'answered',
          status: server.health(edge) === 'good' ? 200 : 500,
          body: '',
          milliseconds: 1,
          release: edge,
        }
      }),
    answered: release => process.call('edge.answered', () => server.answers.get(release.id)),
    live: () => process.call('edge.live', () => server.edge),
    switchTo: release => process.call('edge.switchTo', () => server.letGo(release.id)),
    hold: () => process.call('edge.hold', () => server.hold(config.hold.limitMs)),
    waiting: () => server.waiting,
    letGo: release => process.call('edge.letGo', () => server.letGo(release.id)),
    inFlight: () =>
      process.call('edge.inFlight', () => ({ requests: 0, webSockets: server.webSockets ? 1 : 0, eventStreams: 0 })),
    closeWebSockets: () => process.call('edge.closeWebSockets', () => undefined),
    closeDoor: release =>
      process.call('edge.closeDoor', () => {
        if (server.edge === release.id) server.edge = undefined
        server.doors.delete(release.id)
      }),
  }
}
