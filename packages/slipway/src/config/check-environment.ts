import type { Problem } from '../support/errors.ts'
import { checkServices } from './check.ts'
import { readCompose } from './compose.ts'
import { unsetVariables } from './checks/variables.ts'
import type { ComposeDocument } from './document.ts'
import { loadConfig } from './load.ts'
import { locator, readComposeSources } from './locate.ts'
import type { EnvironmentConfig } from './model.ts'
import { type DetectedService, detectServices } from './roles.ts'

/**
 * Everything that can be known about an environment before anything is touched. Throws only when slipway.yaml or the
 * Compose files can not be read at all; what a deployment would refuse is among the problems.
 */
export async function checkEnvironment(
  file: string,
  environment: string,
  variablesOf: VariablesOf = () => Promise.resolve({}),
): Promise<CheckedEnvironment> {
  const loaded = await loadConfig(file, environment)
  const { config } = loaded
  const variables = await variablesOf(config)
  const [document, sources] = await Promise.all([
    readCompose(config, { variables }),
    readComposeSources(config.composeFiles),
  ])
  const places = locator(config, loaded.source, sources)
  const detected = detectServices(document, config)
  const problems = [
    ...loaded.problems,
    ...detected.problems.map(problem => ({ ...problem, ...places.compose(servicePath(problem)), path: problem.path })),
    ...unsetVariables(document.missingVariables, places.layers, config.envFile),
    ...checkServices({ config, document, services: detected.services, locator: places }),
  ]
  return { config, document, services: detected.services, problems: inOrder(problems) }
}

/** What Compose fills in beside the env file. */
export type VariablesOf = (config: EnvironmentConfig) => Promise<Readonly<Record<string, string>>>

export interface CheckedEnvironment {
  config: EnvironmentConfig
  document: ComposeDocument
  services: DetectedService[]
  /** Errors and warnings; errors stop a deployment. */
  problems: Problem[]
}

/** Service names may have dots: all between the first and the last part. */
function servicePath(problem: Problem): string[] {
  return ['services', problem.path.split('.').slice(1, -1).join('.')]
}

function inOrder(problems: Problem[]): Problem[] {
  const rank = { error: 0, warning: 1 }
  return problems.sort(
    (one, other) =>
      rank[one.severity] - rank[other.severity] ||
      one.file.localeCompare(other.file) ||
      one.line - other.line ||
      one.column - other.column,
  )
}
