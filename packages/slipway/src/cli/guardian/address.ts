import { isAbsolute } from 'node:path'

/** Which environment a guardian looks after: all that it is told. */
export interface GuardedEnvironment {
  configFile: string
  environment: string
  project: string
}

/** The hidden command by which the command line starts its own guardian. */
export const guardCommand = '__guard'

export function guardArgv({ configFile, environment, project }: GuardedEnvironment): string[] {
  return [guardCommand, configFile, environment, project]
}

/** Undefined: this is nothing that a person should call. */
export function readGuardArgv(argv: readonly string[]): GuardedEnvironment | undefined {
  const [command, configFile, environment, project, ...more] = argv
  if (command !== guardCommand || more.length > 0) return undefined
  if (configFile === undefined || environment === undefined || project === undefined) return undefined
  return isAbsolute(configFile) ? { configFile, environment, project } : undefined
}
