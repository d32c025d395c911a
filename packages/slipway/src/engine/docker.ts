import { runDocker } from '../support/docker-silence.ts'
import { SlipwayError, type ErrorCode } from '../support/errors.ts'
import { lastLines, type RunOptions, type RunResult } from '../support/run.ts'
import { composeEnvironment } from './compose-argv.ts'

/** Runs the docker CLI; a failure is ENGINE_FAILED unless the caller names it better. */
export async function docker(argv: readonly string[], options: DockerOptions = {}): Promise<string> {
  const result = await tryDocker(argv, options)
  if (result.exitCode === 0) return result.stdout
  throw dockerError(argv, result, options)
}

/** Runs the docker CLI and leaves it to the caller what a failure means. */
export function tryDocker(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runDocker(argv, { ...options, environment: { ...composeEnvironment, ...options.environment } })
}

export interface DockerOptions extends RunOptions {
  code?: ErrorCode
  attempted?: string
  why?: string | undefined
  output?: readonly string[]
  state?: string
  next?: string
}

/** An engine that does not answer and a full disk are told apart from what was attempted. */
export function dockerError(argv: readonly string[], result: RunResult, options: DockerOptions = {}): SlipwayError {
  const text = `${result.stderr}\n${result.stdout}`
  const why = lastLines(result.stderr, 1)[0]
  if (/^spawn docker ENOENT/m.test(result.stderr)) {
    return new SlipwayError('ENGINE_UNAVAILABLE', 'The program docker is missing', { next: 'Install Docker Engine.' })
  }
  if (unreachable.test(text)) {
    return new SlipwayError('ENGINE_UNAVAILABLE', 'Docker Engine does not answer', {
      why,
      next: 'Start it (systemctl start docker), or add your user to the group docker and log in again.',
    })
  }
  const full = /no space left on device/i.test(text)
  return new SlipwayError(
    full ? 'DISK_FULL' : (options.code ?? 'ENGINE_FAILED'),
    options.attempted ?? `docker ${argv[0] ?? ''} failed`,
    {
      why: result.timedOut ? 'it did not end in time' : (options.why ?? why ?? `exit code ${result.exitCode}`),
      output: options.output ?? lastLines(text, 15),
      state: options.state,
      next: full ? 'Free some disk space: docker system df shows what Docker keeps.' : options.next,
    },
  )
}

const unreachable =
  /cannot connect to the docker daemon|is the docker daemon running|error during connect|permission denied.*docker/i

/** Splits `--format '{{json .}}'` output. */
export function jsonLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line) as unknown)
}
