/** Argument vectors for `docker compose`. Pure. */
export function composeArgv(project: string, file: string, directory: string, rest: readonly string[]): string[] {
  const place = ['--project-name', project, '--file', file, '--project-directory', directory]
  return ['compose', ...place, '--ansi', 'never', ...rest]
}

/** What the caller's shell says for its own Compose projects: here it could remove containers or start more of them. */
export const composeEnvironment: Readonly<Record<string, undefined>> = {
  COMPOSE_REMOVE_ORPHANS: undefined,
  COMPOSE_IGNORE_ORPHANS: undefined,
  COMPOSE_PROFILES: undefined,
  COMPOSE_MENU: undefined,
  COMPOSE_COMPATIBILITY: undefined,
}

const upAsItIs = ['up', '--detach', '--no-build']

export const up = (services: readonly string[]) => [...upAsItIs, '--pull', 'never', '--', ...services]

export const upAlone = (services: readonly string[]) => [...upAsItIs, '--pull', 'never', '--no-deps', '--', ...services]

/** Makes the containers without starting them, nor what they depend on. */
export const createAlone = (services: readonly string[]) => [
  ...['up', '--no-start', '--no-build', '--pull', 'never', '--no-deps'],
  '--',
  ...services,
]

/** Only these: another service that runs as it should is not to be touched, whatever Compose thinks of it. */
export const upAndWait = (seconds: number, services: readonly string[], more: readonly string[] = []) => [
  ...upAsItIs,
  ...['--no-deps', '--wait', '--wait-timeout', String(seconds)],
  ...more,
  '--',
  ...services,
]

export const build = () => ['build', '--progress', 'plain']

export const runJob = (name: string, service: string) => [
  'run',
  '--rm',
  '--no-deps',
  '--no-TTY',
  '--name',
  name,
  service,
]
