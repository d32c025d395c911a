import { randomBytes } from 'node:crypto'
import { endedRunnersArgv, runnerArgv } from '../../runner/container-argv.ts'
import { noteDeployed } from '../../runner/deployed.ts'
import { isRunId, runId, runnerContainer, type RunId } from '../../runner/names.ts'
import { ownPlace } from '../../runner/place.ts'
import { follow, latestRun, pruneRuns, writeOrder, type Ended, type Order } from '../../runner/runs.ts'
import type { Layout } from '../../store/layout.ts'
import { SlipwayError } from '../../support/errors.ts'
import { lastLines, run as runProgram } from '../../support/run.ts'
import type { Calls, Followed } from './calls.ts'

/** Starts a runner of its own container, which goes on whatever happens to this session. */
export async function startRun(order: Omit<Order, 'at'>, { project, layout }: Target): Promise<RunId> {
  const place = ownPlace()
  if (place === undefined) throw new SlipwayError('BUG', 'A runner can only be started from the session of a server')
  const now = new Date()
  const run = runId(now, randomBytes(3).toString('hex'))
  await pruneRuns(layout.runs)
  await writeOrder(layout.runs, run, { ...order, at: now.toISOString() })
  if (order.act === 'deploy') await noteDeployed(layout, order.configFile)
  const started = await runProgram('docker', runnerArgv({ ...place, project, run }), { timeoutMs: 120_000 })
  if (started.exitCode !== 0) {
    throw new SlipwayError('RUNNER_FAILED', 'The runner could not be started', {
      why: started.timedOut ? 'docker did not end in time' : lastLines(started.stderr, 1)[0],
      output: lastLines(started.stderr),
      state: 'nothing that runs was touched',
      next: 'Look at what Docker says on the server: docker info',
    })
  }
  void removeEnded(project)
  return run
}

/** Like the first Ctrl-C in a terminal on the server itself. */
export async function interruptRun(run: RunId, { project }: Target): Promise<null> {
  if (!isRunId(run)) throw new SlipwayError('BUG', 'That is no name of a run')
  await runProgram('docker', ['kill', '--signal=INT', '--', runnerContainer(project, run)], { timeoutMs: 20_000 })
  return null
}

export async function followRun(
  wanted: RunId | undefined,
  from: number,
  told: (value: Calls['follow']['told']) => Promise<void>,
  signal: AbortSignal,
  { project, layout }: Target,
): Promise<Followed | null> {
  const run = wanted ?? (await latestRun(layout.runs))
  if (run === undefined || !isRunId(run)) return null
  let ended: Ended | undefined
  const tell = (line: Parameters<Parameters<typeof follow>[4]>[0], number: number): Promise<void> | void => {
    if ('ended' in line) ended = line.ended
    else if ('event' in line) return told({ run, number, event: line.event })
  }
  await follow(layout.runs, run, from, signal, tell, () => isAlive(project, run))
  return ended === undefined ? { run, died: true } : { run, ended }
}

interface Target {
  project: string
  layout: Layout
}

/** Docker starts it again when it dies: in the pause before, it is alive. */
async function isAlive(project: string, run: RunId): Promise<boolean> {
  const format = '{{.State.Status}} {{.State.ExitCode}}'
  const argv = ['container', 'inspect', `--format=${format}`, '--', runnerContainer(project, run)]
  const { exitCode, stdout, stderr } = await runProgram('docker', argv, { timeoutMs: 20_000 })
  // An engine that is away for a moment says nothing about the runner.
  if (exitCode !== 0) return !/no such container/i.test(stderr)
  return !/^(exited 0|dead )/.test(stdout.trim())
}

async function removeEnded(project: string): Promise<void> {
  const ids = (await runProgram('docker', endedRunnersArgv(project), { timeoutMs: 20_000 })).stdout
    .split('\n')
    .filter(id => id !== '')
  if (ids.length > 0) await runProgram('docker', ['rm', '--', ...ids], { timeoutMs: 60_000 })
}
