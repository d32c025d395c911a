import type { Placement, ServerConfig } from '../../../config/model.ts'
import type { SlipwayError } from '../../../support/errors.ts'
import type { AlertStatus, ServerStatus, ServiceStatus, StatusReport } from '../../application.ts'

/** What one server said of itself, or why it said nothing. */
export interface Seen {
  server: Pick<ServerConfig, 'name' | 'host'>
  report?: StatusReport
  error?: SlipwayError
}

/**
 * One report of all servers: what the deciding one says of the release and the database, and the services of each. Throws
 * only when nobody answered. Pure.
 */
export function statusOfAll(placement: Placement, seen: readonly Seen[]): StatusReport {
  const decides = seen.find(({ server }) => server.name === placement.decides)
  const base = decides?.report ?? seen.find(({ report }) => report !== undefined)?.report
  if (base === undefined) throw decides?.error ?? seen[0]?.error ?? new Error('No server was asked')
  const web = seen.flatMap(({ report }) => (report === undefined || !hasWeb(report) ? [] : [report.edge]))
  return {
    ...base,
    services: seen.flatMap(each => servicesOn(each, placement)),
    edge: web[0] ?? { mode: 'none', addresses: [] },
    ...(base.alert === undefined ? {} : { alert: alertOfAll(seen) }),
    servers: seen.map(each => serverStatus(each, placement)),
  }
}

/** A server that does not answer is told of here; its own hook can not tell of it. */
function alertOfAll(seen: readonly Seen[]): AlertStatus {
  const problems = seen.flatMap(({ server, report, error }) =>
    [...(report?.alert?.problems ?? []), ...(error === undefined ? [] : [error.message])].map(
      problem => `${server.name}: ${problem}`,
    ),
  )
  const told = seen.flatMap(({ report }) => report?.alert?.told ?? [])
  const news = told.find(each => each === 'down') ?? told[0]
  return { problems, ...(news === undefined ? {} : { told: news }) }
}

/** The image of the migration is there for the migration alone. */
function servicesOn({ server, report }: Seen, placement: Placement): ServiceStatus[] {
  const named = placement.servers.flatMap(({ services }) => services)
  const own = placement.servers.find(({ name }) => name === server.name)?.services ?? []
  return (report?.services ?? [])
    .filter(({ name }) => own.includes(name) || !named.includes(name))
    .map(service => ({ ...service, server: server.name }))
}

function serverStatus({ server, report, error }: Seen, placement: Placement): ServerStatus {
  const place = { server: server.name, host: server.host, decides: server.name === placement.decides }
  if (report === undefined) return { ...place, unreachable: error?.message ?? 'it did not answer' }
  const { current, edge, unfinished, lock } = report
  return {
    ...place,
    ...(current === undefined ? {} : { release: current.release }),
    ...(hasWeb(report) ? { edge } : {}),
    ...(unfinished === undefined ? {} : { unfinished }),
    ...(lock === undefined ? {} : { lock }),
  }
}

function hasWeb({ services }: StatusReport): boolean {
  return services.some(({ role }) => role === 'web')
}
