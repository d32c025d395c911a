import type { EnvironmentConfig } from '../../../src/config/model.ts'
import type { Release, ReleaseId } from '../../../src/release/model.ts'
import type { Ports } from '../../../src/release/ports.ts'
import type { Agreement, AgreementKey } from '../../../src/release/several/agreement.ts'
import type { SlipwayProcess } from '../schedules/process.ts'
import { simulatedPorts } from '../schedules/simulated-ports.ts'
import type { Fleet, FleetServer } from './fleet.ts'

/** What a process on one of several servers sees. Only the deciding one has a database. */
export function fleetPorts(given: {
  fleet: Fleet
  server: FleetServer
  process: SlipwayProcess
  config: EnvironmentConfig
  key: AgreementKey
  fetched: (id: ReleaseId) => Release
}): Ports {
  const { fleet, server, process, config } = given
  const { database, rehearsals, ...ports } = simulatedPorts(process, config, given.fetched)
  const agreement = agreementOf(fleet, server, process, given.key)
  if (server !== fleet.deciding || database === undefined || rehearsals === undefined) return { ...ports, agreement }
  return { ...ports, database, rehearsals, agreement }
}

function agreementOf(fleet: Fleet, server: FleetServer, process: SlipwayProcess, key: AgreementKey): Agreement {
  if (server !== fleet.deciding) {
    return {
      role: 'follows',
      server: server.name,
      key,
      ask: (of, report) => process.call('agreement.ask', () => fleet.tell(server, of, report)),
    }
  }
  return {
    role: 'decides',
    servers: fleet.followers.map(({ name }) => name),
    heard: of => process.call('agreement.heard', () => fleet.heard(of)),
    decisions: of => process.call('agreement.decisions', () => fleet.decisions(of)),
  }
}
