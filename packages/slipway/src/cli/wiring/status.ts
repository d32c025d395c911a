import type { EnvironmentConfig } from '../../config/model.ts'
import { stateContainers } from '../../engine/state.ts'
import type { Release } from '../../release/model.ts'
import type { ContainerState, Ports } from '../../release/ports.ts'
import { readSeal } from '../../store/seal.ts'
import type { Layout } from '../../store/layout.ts'
import { lockHolder } from '../../store/lock.ts'
import type { AlertStatus, EdgeStatus, ServiceStatus, StatusReport } from '../application.ts'
import { illnesses } from '../../release/wellness.ts'
import { isTended } from '../tending/alone.ts'

/** What serves, how it is, and what was done last. */
export async function statusReport(config: EnvironmentConfig, layout: Layout, ports: Ports): Promise<StatusReport> {
  const [current, history, unfinished, lock, warm] = await Promise.all([
    ports.releases.current(),
    ports.journal.history(),
    ports.journal.unfinished(),
    lockHolder(layout.lock),
    ports.warm?.read(),
  ])
  const since = history.findLast(record => record.outcome === 'deployed' && record.release === current?.id)?.startedAt
  const last = history.at(-1)
  // What can not be read is the next deployment's to refuse: to look at what serves needs none of it.
  const seal = current === undefined ? undefined : await readSeal(current.directory).catch(() => undefined)
  const database = ports.database
  const reachable = database === undefined ? false : await database.reachable()
  return {
    app: config.app,
    environment: config.environment,
    project: config.project,
    services: current === undefined ? [] : await services(current, config.project, ports),
    edge: await edgeStatus(config, ports),
    ...(current === undefined
      ? {}
      : {
          current: {
            release: current.id,
            version: current.version,
            since: since ?? current.createdAt,
            ...(current.commit === undefined ? {} : { commit: current.commit }),
            ...(seal === undefined ? {} : { secretsRevision: seal.revision }),
          },
        }),
    ...(warm === undefined || warm.release === current?.id
      ? {}
      : { warm: { ...warm, tended: await isTended(layout) } }),
    ...(database === undefined
      ? {}
      : {
          database: {
            name: database.name,
            reachable,
            leftBehind: reachable ? await database.leftBehind() : [],
            ...(reachable ? { sizeBytes: await database.sizeBytes() } : {}),
          },
        }),
    ...(last === undefined ? {} : { lastDeployment: last }),
    // A deployment that holds the lock is not unfinished: it is under way.
    ...(unfinished === undefined || lock !== undefined ? {} : { unfinished }),
    ...(lock === undefined ? {} : { lock }),
  }
}

/** Undefined: a deployment is under way, and watches by itself what it does. */
export async function alertStatus(
  report: StatusReport,
  ports: Ports,
  config: EnvironmentConfig,
): Promise<AlertStatus | undefined> {
  const current = await ports.releases.current()
  if (report.lock !== undefined || current === undefined) return undefined
  const problems = await illnesses(current, ports, config)
  const told = await ports.alerts?.tell(problems, current)
  return { problems, ...(told === undefined ? {} : { told }) }
}

async function services(current: Release, project: string, ports: Ports): Promise<ServiceStatus[]> {
  const containers = [
    ...(await ports.engine.containers(current)),
    ...(await stateContainers(project)).map(each => each.state),
  ]
  return current.services.map(({ name, role }) => ({
    name,
    role,
    ...(current.digests?.[name] === undefined ? {} : { image: current.digests[name] }),
    containers: containers.filter(container => container.service === name).map(short),
  }))
}

function short(container: ContainerState): ServiceStatus['containers'][number] {
  const { name, status, health, restarts, exitCode, outOfMemory } = container
  return { name, status, health, restarts, exitCode, outOfMemory }
}

async function edgeStatus(config: EnvironmentConfig, ports: Ports): Promise<EdgeStatus> {
  const live = await ports.edge.live()
  const { edge } = config
  const addresses =
    edge.mode === 'domains'
      ? edge.domains.map(domain => `https://${domain}`)
      : edge.listen === undefined
        ? []
        : [`http://${edge.listen.host}:${edge.listen.port}`]
  return { mode: edge.mode, addresses, ...(live === undefined ? {} : { live }) }
}
