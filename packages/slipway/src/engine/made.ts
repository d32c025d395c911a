import type { ComposeDocument } from '../config/document.ts'
import type { Release } from '../release/model.ts'
import { containerIds, inspect, ofRelease } from './containers.ts'
import { tryDocker } from './docker.ts'

/**
 * Starts containers that Compose has made, in half the time that Compose needs. False: not all of them are there, or they
 * can not be started as they are. Compose then does what is left to do.
 */
export async function startMade(release: Release, services: readonly string[]): Promise<boolean> {
  const found = await inspect(await containerIds([...ofRelease(release), 'status=created']))
  const own = found.filter(each => services.includes(each.state.service))
  const isWhole = release.services
    .filter(service => services.includes(service.name))
    .every(({ name, replicas }) => own.filter(each => each.state.service === name).length === replicas)
  if (!isWhole) return false
  // Docker itself starts those of one command one after the other.
  const started = await Promise.all(own.map(each => tryDocker(['start', '--', each.state.id])))
  return started.every(each => each.exitCode === 0)
}

/**
 * Whether that is all that Compose does to start them by themselves: it runs what is to be run in them then, and, since
 * 2.30, puts files into them whose content the document gives. Pure.
 */
export function startsAsMade(document: ComposeDocument, services: readonly string[]): boolean {
  const files = Object.values({ ...document.configs, ...document.secrets })
  if (files.some(file => file['content'] !== undefined || file.environment !== undefined)) return false
  return services.every(name => document.services[name]?.['post_start'] === undefined)
}

/** Whether none of them has to wait until another one is there. Pure. */
export function dependsOnNone(document: ComposeDocument, services: readonly string[]): boolean {
  return services.every(name => Object.keys(document.services[name]?.depends_on ?? {}).length === 0)
}
