import type { Release } from '../release/model.ts'
import type { ContainerState } from '../release/ports.ts'
import { containerIds, inspect, ofRelease } from './containers.ts'
import { upAlone } from './compose-argv.ts'
import { docker } from './docker.ts'
import { labels } from './names.ts'
import { releaseCompose } from './release-files.ts'

/** Stops the workers by their own stop signal and grace period. Returns the names of those that had to be killed. */
export async function quietWorkers(release: Release): Promise<string[]> {
  if (workersOf(release).length === 0) return []
  const before = await workers(release)
  await stop(
    release,
    before.map(each => each.id),
  )
  const ran = before.filter(each => each.status === 'running').map(each => each.id)
  const after = (await inspect(ran)).map(each => each.state)
  return after.filter(each => each.exitCode === killedExitCode && !each.outOfMemory).map(each => each.name)
}

/** Brings all workers up again, also those that a cut-off stop has not yet ended: it would end them after the start. */
export async function wakeWorkers(release: Release): Promise<void> {
  const services = workersOf(release)
  if (services.length === 0) return
  const running = (await workers(release)).filter(each => each.status === 'running')
  await stop(
    release,
    running.map(each => each.id),
  )
  await docker(releaseCompose(release, upAlone(services)), {
    attempted: `The workers of ${release.id} could not be started again`,
  })
}

async function stop(release: Release, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await docker(['stop', '--', ...ids], { attempted: `The workers of ${release.id} could not be stopped` })
}

async function workers(release: Release): Promise<ContainerState[]> {
  const ids = await containerIds([...ofRelease(release), `label=${labels.role}=worker`])
  return (await inspect(ids)).map(each => each.state)
}

function workersOf(release: Release): string[] {
  return release.services.filter(service => service.role === 'worker').map(service => service.name)
}

/** 128 + SIGKILL. */
const killedExitCode = 137
