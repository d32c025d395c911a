import { setTimeout as sleep } from 'node:timers/promises'
import type { Release } from '../release/model.ts'
import { containerIds, inspect, ofRelease, type InspectedContainer } from './containers.ts'
import { docker } from './docker.ts'
import { stateContainers } from './state.ts'

/**
 * Starts what has stopped since a moment: when its daemon has died, Docker may take what outlived it for stopped by a
 * person, and not start it again (seen with 20.10). Databases first; apps find them there. Returns what was started.
 */
export async function revive(release: Release, roles: readonly ('web' | 'worker')[], since: Date): Promise<string[]> {
  const [state, own] = await Promise.all([
    stateContainers(release.project),
    containerIds(ofRelease(release)).then(inspect),
  ])
  const wanted = own.filter(each => roles.some(role => role === each.role))
  const ofState = state.filter(each => hasStopped(each, since))
  const ofApp = wanted.filter(each => hasStopped(each, since))
  await start(release, ofState)
  if (ofState.length > 0) await untilHealthy(ofState)
  await start(release, ofApp)
  return [...ofState, ...ofApp].map(each => each.state.name)
}

/** What stopped earlier is somebody's wish or trouble; what Docker is about to restart by itself is left to it. */
function hasStopped({ state, stoppedAt }: InspectedContainer, since: Date): boolean {
  return (state.status === 'exited' || state.status === 'dead') && stoppedAt >= since
}

async function start(release: Release, containers: readonly InspectedContainer[]): Promise<void> {
  if (containers.length === 0) return
  await docker(['start', '--', ...containers.map(each => each.state.id)], {
    attempted: `What Docker had stopped of ${release.id} could not be started again`,
  })
}

async function untilHealthy(containers: readonly InspectedContainer[]): Promise<void> {
  const endsAt = performance.now() + healthyWithinMs
  const ids = containers.map(each => each.state.id)
  while ((await inspect(ids)).some(each => each.state.health === 'starting')) {
    if (performance.now() > endsAt) return
    await sleep(200)
  }
}

const healthyWithinMs = 30_000
