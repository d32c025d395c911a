import type { Release } from '../release/model.ts'
import { containerIds, inspect, ofRelease } from './containers.ts'
import { upAlone } from './compose-argv.ts'
import { docker } from './docker.ts'
import { labels } from './names.ts'
import { releaseCompose } from './release-files.ts'

/** Stops the workers by their own stop signal and grace period. Returns the services stopped. */
export async function quietWorkers(release: Release): Promise<string[]> {
  await stop(release, await workerIds(release))
  return workersOf(release)
}

/** Brings all workers up again, also those that a cut-off stop has not yet ended: it would end them after the start. */
export async function wakeWorkers(release: Release): Promise<void> {
  const services = workersOf(release)
  if (services.length === 0) return
  const running = (await inspect(await workerIds(release))).filter(each => each.state.status === 'running')
  await stop(
    release,
    running.map(each => each.state.id),
  )
  await docker(releaseCompose(release, upAlone(services)), {
    attempted: `The workers of ${release.id} could not be started again`,
  })
}

async function stop(release: Release, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await docker(['stop', '--', ...ids], { attempted: `The workers of ${release.id} could not be stopped` })
}

function workerIds(release: Release): Promise<string[]> {
  return containerIds([...ofRelease(release), `label=${labels.role}=worker`])
}

function workersOf(release: Release): string[] {
  return release.services.filter(service => service.role === 'worker').map(service => service.name)
}
