import { resolve } from 'node:path'
import { checkEnvironment } from '../../config/check-environment.ts'
import { findConfig, listEnvironments } from '../../config/load.ts'
import type { CheckConfiguration, CheckReport } from '../application.ts'
import { SlipwayError, type Problem } from '../../support/errors.ts'

/** Checks one environment, or all of them, and reports every mistake at once. */
export const checkConfiguration: CheckConfiguration = async (configFile, environment) => {
  const file = configFile === undefined ? await findConfig(process.cwd()) : resolve(configFile)
  const names = environment === undefined ? await listEnvironments(file) : [environment]
  const environments: CheckReport['environments'] = []
  const problems: Problem[] = []
  let app = ''
  for (const name of names) {
    const checked = await checkEnvironment(file, name)
    app = checked.config.app
    problems.push(...checked.problems)
    environments.push({
      name,
      project: checked.config.project,
      production: checked.config.production,
      services: checked.services.map(service => ({ name: service.name, role: service.role })),
    })
  }
  const all = unique(problems)
  if (all.some(problem => problem.severity === 'error')) {
    throw new SlipwayError('CONFIG_INVALID', `${file} or its Compose files have mistakes`, {
      problems: all,
      state: 'nothing was changed',
      next: 'Mend what is listed and run: slipway check',
    })
  }
  return { file, app, environments, warnings: all }
}

/** Environments share files: the same mistake is told once. */
function unique(problems: readonly Problem[]): Problem[] {
  return [
    ...new Map(
      problems.map(problem => [JSON.stringify([problem.file, problem.line, problem.column, problem.message]), problem]),
    ).values(),
  ]
}
