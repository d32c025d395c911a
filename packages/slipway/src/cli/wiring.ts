import { dirname, resolve } from 'node:path'
import { findConfig, listEnvironments, loadConfig } from '../config/load.ts'
import { layout } from '../store/layout.ts'
import { SlipwayError } from '../support/errors.ts'
import type { WaitingRoom } from '../edge/hold.ts'
import type { Application, OpenApplication } from './application.ts'
import type { GuardedEnvironment } from './guardian/address.ts'
import { RealApplication } from './wiring/real-application.ts'

export { checkConfiguration } from './wiring/check.ts'
export { openSecrets } from './wiring/secrets.ts'

/** Puts the real parts together for one environment. */
export const openApplication: OpenApplication = async (configFile, environment) => {
  const file = configFile === undefined ? await findConfig(process.cwd()) : resolve(configFile)
  const name = environment ?? (await onlyEnvironment(file))
  const { config, problems } = await loadConfig(file, name)
  return new RealApplication(config, layout(config.project), problems)
}

/** For a guardian: it is under nobody's guard itself, and the requests that wait are with it. */
export async function openGuarded(
  { configFile, environment }: GuardedEnvironment,
  room: WaitingRoom,
): Promise<Application> {
  const { config, problems } = await loadConfig(configFile, environment)
  return new RealApplication(config, layout(config.project), problems, room)
}

/** For the process beside a warm release: returns when there is nothing left to look after. */
export async function tendWarm(configFile: string, environment: string, signal: AbortSignal): Promise<void> {
  const { config, problems } = await loadConfig(configFile, environment)
  await new RealApplication(config, layout(config.project), problems).tend(signal)
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
