import type { EnvironmentConfig } from '../config/model.ts'
import { answersWell, crashed, describe } from './judge.ts'
import type { Release, ReleaseId } from './model.ts'
import type { Ports, PublicProbe } from './ports.ts'

/** What is wrong with a release that serves, as one look shows it; empty: nothing. A look may find what passes by itself. */
export async function illnesses(release: Release, ports: LookPorts, config: EnvironmentConfig): Promise<string[]> {
  const [containers, live, web, database] = await Promise.all([
    ports.engine.containers(release),
    ports.edge.live(),
    askedAsWeb(release, ports, config),
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

/** Each web service through its own door, and where all is well there, where the public's requests come in. */
async function askedAsWeb(release: Release, { edge }: LookPorts, config: EnvironmentConfig): Promise<string[]> {
  const asked = release.services.map(async ({ name, role, health: { path, timeoutMs } }) => {
    if (role !== 'web') return []
    if (path !== undefined) {
      const probe = await tried(() => edge.probe(release, name, path, timeoutMs), answersWell)
      if (!answersWell(probe)) return [`${name}${path} ${describe(probe)}`]
    }
    // Requests that are held would only be waited for, and what else is behind the edge is told already.
    if ((await edge.live()) !== release.id) return []
    const ask = async () => edge.probePublic?.(release, config, name, path ?? '/', timeoutMs)
    const found = await tried(ask, probe => isReachedBy(probe, release))
    if (found === undefined || isReachedBy(found, release)) return []
    if (found.kind === 'no-answer') return [`the public address of ${name} ${describe(found)}`]
    return [`in public, ${name} is answered by ${found.release ?? 'nobody'} (${found.status})`]
  })
  return (await Promise.all(asked)).flat()
}

function isReachedBy(probe: PublicProbe | undefined, { id }: Release): boolean {
  return probe === undefined || (probe.kind === 'answered' && probe.release === id)
}

/** One answer that is late or lost says little. */
async function tried<Found>(ask: () => Promise<Found>, isGood: (found: Found) => boolean): Promise<Found> {
  let found = await ask()
  for (let tries = 1; tries < triesOfAProbe && !isGood(found); tries++) found = await ask()
  return found
}

const triesOfAProbe = 3
