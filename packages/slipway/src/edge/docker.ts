import { askDocker, containerPath } from '../support/docker-socket.ts'
import { SlipwayError } from '../support/errors.ts'
import { lastLines, run, type RunResult } from '../support/run.ts'

/** Runs the docker CLI; a failure says what it means for the edge. */
export async function docker(argv: readonly string[], attempted: string, state: string): Promise<string> {
  const result = await tryDocker(argv)
  if (result.exitCode === 0) return result.stdout
  throw dockerFailure(result, attempted, state)
}

export function tryDocker(argv: readonly string[]): Promise<RunResult> {
  return run('docker', argv, { timeoutMs: 60_000 })
}

export function dockerFailure(result: RunResult, attempted: string, state: string): SlipwayError {
  const engineAway = /cannot connect to the docker daemon|is the docker daemon running|permission denied/i.test(
    result.stderr,
  )
  return new SlipwayError(engineAway ? 'ENGINE_UNAVAILABLE' : 'EDGE_FAILED', attempted, {
    why: result.timedOut
      ? 'docker did not end in time'
      : (lastLines(result.stderr, 1)[0] ?? `exit code ${result.exitCode}`),
    state,
    output: lastLines(result.stderr),
    next: engineAway ? 'Start Docker Engine, or let your user use it, and try again.' : undefined,
  })
}

export interface ContainerFacts {
  running: boolean
  labels: Record<string, string>
}

/** Undefined: there is no such container. */
export async function inspectContainer(name: string): Promise<ContainerFacts | undefined> {
  const answer = await askDocker(containerPath(name))
  if (answer?.kind === 'missing') return undefined
  if (answer?.kind === 'found') {
    const { State, Config } = answer.value as Inspected
    return { running: State.Running && !State.Restarting, labels: Config.Labels ?? {} }
  }
  const format = '{"running":{{.State.Running}},"restarting":{{.State.Restarting}},"labels":{{json .Config.Labels}}}'
  const argv = ['container', 'inspect', '--format', format, '--', name]
  const result = await tryDocker(argv)
  if (result.exitCode !== 0) {
    if (/no such container/i.test(result.stderr)) return undefined
    throw dockerFailure(result, `The container ${name} could not be looked at`, 'Nothing was changed.')
  }
  const facts = JSON.parse(result.stdout) as {
    running: boolean
    restarting: boolean
    labels: Record<string, string> | null
  }
  return { running: facts.running && !facts.restarting, labels: facts.labels ?? {} }
}

interface Inspected {
  State: { Running: boolean; Restarting: boolean }
  Config: { Labels: Record<string, string> | null }
}

/** Safe to repeat. */
export async function removeContainer(name: string): Promise<void> {
  const result = await tryDocker(['rm', '--force', '--volumes', '--', name])
  if (result.exitCode === 0 || /no such container/i.test(result.stderr)) return
  throw dockerFailure(result, `The container ${name} could not be removed`, 'It may still run.')
}

/** What a container printed last. */
export async function lastOutput(name: string): Promise<string[]> {
  const result = await tryDocker(['logs', '--tail', '12', '--', name])
  return lastLines(`${result.stdout}\n${result.stderr}`)
}
