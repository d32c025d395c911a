import type { EnvironmentConfig } from '../config/model.ts'
import { answersWell, crashed, describe } from './judge.ts'
import type { Release, ReleaseId } from './model.ts'
import type { Ports } from './ports.ts'

/** What is wrong with a release that serves, as one look shows it; empty: nothing. A look may find what passes by itself. */
export async function illnesses(release: Release, ports: LookPorts, config: EnvironmentConfig): Promise<string[]> {
  const [containers, live, web, database] = await Promise.all([
    ports.engine.containers(release),
    ports.edge.live(),
    askedForHealth(release, ports),
    ports.database?.reachable() ?? true,
  ])
  const found: string[] = []
  for (const { name, role, replicas } of release.services) {
    if (role !== 'web' && role !== 'worker') continue
    const own = containers.filter(container => container.service === name)
    // That it was restarted once is no illness any more.
    const ill = own.map(each => ({ each, why: crashed({ ...each, restarts: 0 }) })).find(({ why }) => why !== undefined)
    if (ill !== undefined) found.push(`${ill.each.name} ${ill.why}`)
    else if (own.length < replicas) found.push(`${name}: ${own.length} of ${replicas} containers are there`)
  }
  if (!isReached(release, live, config)) {
    found.push(live === 'held' ? 'requests are held' : `the edge leads to ${live ?? 'nothing'}, not to ${release.id}`)
  }
  if (!database) found.push('the database does not answer')
  return [...found, ...web]
}

/** Whether who asks the edge meets this release. Of several servers, one may have nothing that anybody asks for. Pure. */
export function isReached(
  { id, services }: Pick<Release, 'id' | 'services'>,
  live: ReleaseId | 'held' | undefined,
  { edge }: Pick<EnvironmentConfig, 'edge'>,
): boolean {
  const isAskedFor = live === 'held' || services.some(({ role }) => role === 'web')
  return edge.mode === 'none' || live === id || !isAskedFor
}

export type LookPorts = Pick<Ports, 'engine' | 'edge' | 'database'>

async function askedForHealth(release: Release, { edge }: LookPorts): Promise<string[]> {
  const asked = release.services.map(async ({ name, role, health: { path, timeoutMs } }) => {
    if (role !== 'web' || path === undefined) return []
    const ask = () => edge.probe(release, name, path, timeoutMs)
    // One answer that is late or lost says little.
    let probe = await ask()
    for (let tries = 1; tries < triesOfAProbe && !answersWell(probe); tries++) probe = await ask()
    return answersWell(probe) ? [] : [`${name}${path} ${describe(probe)}`]
  })
  return (await Promise.all(asked)).flat()
}

const triesOfAProbe = 3
