import { lastLines, run, type RunOptions, type RunResult } from '../support/run.ts'
import { SlipwayError, type ErrorCode } from '../support/errors.ts'

/** Runs the docker CLI; a failure is ENGINE_FAILED unless the caller names it better. */
export async function docker(argv: readonly string[], options: DockerOptions = {}): Promise<string> {
  const result = await tryDocker(argv, options)
  if (result.exitCode === 0) return result.stdout
  throw dockerError(argv, result, options)
}

/** Runs the docker CLI and leaves it to the caller what a failure means. */
export function tryDocker(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return run('docker', argv, options)
}

export interface DockerOptions extends RunOptions {
  code?: ErrorCode
  attempted?: string
  state?: string
  next?: string
}

export function dockerError(argv: readonly string[], result: RunResult, options: DockerOptions = {}): SlipwayError {
  const unreachable = /cannot connect to the docker daemon|is the docker daemon running|permission denied.*docker\.sock/i
  const text = `${result.stderr}\n${result.stdout}`
  if (unreachable.test(text)) {
    return new SlipwayError('ENGINE_UNAVAILABLE', 'Docker Engine does not answer', {
      why: lastLines(result.stderr, 1)[0],
      next: 'Start it (systemctl start docker), or add your user to the group docker and log in again.',
    })
  }
  return new SlipwayError(options.code ?? 'ENGINE_FAILED', options.attempted ?? `docker ${argv[0] ?? ''} failed`, {
    why: result.timedOut ? 'it did not end in time' : (lastLines(result.stderr, 1)[0] ?? `exit code ${result.exitCode}`),
    output: lastLines(text, 15),
    state: options.state,
    next: options.next,
  })
}

/** Splits `--format '{{json .}}'` output. */
export function jsonLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line) as unknown)
}
