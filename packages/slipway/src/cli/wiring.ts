import { dirname, resolve } from 'node:path'
import { findConfig, listEnvironments, loadConfig } from '../config/load.ts'
import { layout } from '../store/layout.ts'
import { SlipwayError } from '../support/errors.ts'
import type { OpenApplication } from './application.ts'
import { RealApplication } from './wiring/real-application.ts'

export { checkConfiguration } from './wiring/check.ts'

/** Puts the real parts together for one environment. */
export const openApplication: OpenApplication = async (configFile, environment) => {
  const file = configFile === undefined ? await findConfig(process.cwd()) : resolve(configFile)
  const name = environment ?? (await onlyEnvironment(file))
  const { config, problems } = await loadConfig(file, name)
  return new RealApplication(config, layout(config.project), problems)
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
