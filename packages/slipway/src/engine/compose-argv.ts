/** Argument vectors for `docker compose`. Pure. */
export function composeArgv(project: string, file: string, directory: string, rest: readonly string[]): string[] {
  return ['compose', '--project-name', project, '--file', file, '--project-directory', directory, '--ansi', 'never', ...rest]
}

export const up = (services: readonly string[] = []) => ['up', '--detach', '--no-build', '--pull', 'never', '--', ...services]

export const upAndWait = (seconds: number, services: readonly string[]) => [
  'up',
  '--detach',
  '--no-build',
  '--wait',
  '--wait-timeout',
  String(seconds),
  '--',
  ...services,
]

export const build = () => ['build', '--progress', 'plain']

export const runJob = (name: string, service: string) => ['run', '--rm', '--no-deps', '--no-TTY', '--name', name, service]

export const stopServices = (services: readonly string[]) => ['stop', '--', ...services]

export const startServices = (services: readonly string[]) => ['start', '--', ...services]
