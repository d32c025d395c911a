import { dirname, resolve } from 'node:path'
import { findConfig, listEnvironments, loadConfig } from '../config/load.ts'
import { SlipwayError } from '../support/errors.ts'
import type { WaitingRoom } from '../edge/hold.ts'
import type { Application, OpenApplication } from './application.ts'
import type { GuardedEnvironment } from './guardian/address.ts'
import { openHere } from './wiring/open-here.ts'
import { RealApplication } from './wiring/real-application.ts'
import { loadHere } from './wiring/uploaded.ts'

export { systemdAtStart as atStart } from './at-start/service.ts'
export { checkConfiguration } from './wiring/check.ts'
export { resumeAll } from './wiring/resume-all.ts'
export { openSecrets } from './wiring/secrets.ts'
export { openServers } from './wiring/servers.ts'

/** The environment where it runs: real parts on this machine, or calls to those on its server. */
export const openApplication: OpenApplication = async (configFile, environment, note, promotion) => {
  const file = configFile === undefined ? await findConfig(process.cwd()) : resolve(configFile)
  const name = environment ?? (await onlyEnvironment(file))
  const { config } = await loadConfig(file, name)
  if (config.placement !== undefined) {
    const { openSeveral } = await import('./remote/several/open.ts')
    return openSeveral(config, config.placement, note, promotion)
  }
  if (config.server === undefined) return openHere(file, name)
  const { RemoteApplication } = await import('./remote/remote-application.ts')
  return new RemoteApplication(config, config.server, note, promotion)
}

/** For a guardian: it is under nobody's guard itself, and the requests that wait are with it. */
export async function openGuarded(
  { configFile, environment }: GuardedEnvironment,
  room: WaitingRoom,
): Promise<Application> {
  const { config, problems, layout } = await loadHere(configFile, environment)
  return new RealApplication(config, layout, problems, { room })
}

/** For the process beside a warm release: returns when there is nothing left to look after. */
export async function tendWarm(configFile: string, environment: string, signal: AbortSignal): Promise<void> {
  await (await openHere(configFile, environment)).tend(signal)
}

async function onlyEnvironment(file: string): Promise<string> {
  const names = await listEnvironments(file)
  const [first, ...more] = names
  if (first !== undefined && more.length === 0) return first
  throw new SlipwayError('USAGE', 'Which environment?', {
    why: `${dirname(file)} has ${names.join(', ')}`,
    next: `Name one: slipway … ${first ?? 'prod'}`,
  })
}
