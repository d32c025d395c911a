import { randomBytes } from 'node:crypto'
import { endedRunnersArgv, runnerArgv } from '../../runner/container-argv.ts'
import { isRunId, runId, runnerContainer, type RunId } from '../../runner/names.ts'
import { ownPlace } from '../../runner/place.ts'
import { follow } from '../../runner/follow.ts'
import { endOf, type Ended } from '../../runner/run-lines.ts'
import { takeBack } from '../../runner/left-orders.ts'
import { latestRun, makeRun, pruneRuns, signOfLife, writeOrder, type Order } from '../../runner/runs.ts'
import type { Layout } from '../../store/layout.ts'
import { SlipwayError } from '../../support/errors.ts'
import { lastLines, run as runProgram } from '../../support/run.ts'
import type { Calls, Followed } from './calls.ts'
import { otherRunnerLives } from './its-runner.ts'

/**
 * Starts a runner in a container of its own, which goes on whatever happens to this session. It waits for its order as
 * long as this session lives, and goes away when none comes.
 */
export async function armRun({ project, layout }: Target): Promise<Armed> {
  const place = ownPlace()
  if (place === undefined) throw new SlipwayError('BUG', 'A runner can only be started from the session of a server')
  const run = runId(new Date(), randomBytes(3).toString('hex'))
  await pruneRuns(layout.runs)
  await makeRun(layout.runs, run)
  const started = startContainer(runnerArgv({ ...place, project, run }))
  // Told to whoever gives the order.
  started.catch(() => undefined)
  void removeEnded(project)
  const signs = setInterval(() => void signOfLife(layout.runs, run).catch(() => undefined), signEveryMs)
  signs.unref()
  return { run, started, waitsNoMore: () => clearInterval(signs) }
}

export interface Armed {
  run: RunId
  started: Promise<void>
  /** No order is to come any more. */
  waitsNoMore(): void
}

const signEveryMs = 20_000

/** Docker may have been restarted while the code came: a runner without an order ends then, and this takes another one. */
export async function startRun(armed: Armed, order: Omit<Order, 'at'>, target: Target): Promise<RunId> {
  try {
    await armed.started
    if (await isAlive(target.project, armed.run)) return await giveOrder(armed.run, order, target)
  } finally {
    armed.waitsNoMore()
  }
  const another = await armRun(target)
  try {
    await another.started
    return await giveOrder(another.run, order, target)
  } finally {
    another.waitsNoMore()
  }
}

async function giveOrder(run: RunId, order: Omit<Order, 'at'>, { layout }: Target): Promise<RunId> {
  await writeOrder(layout.runs, run, { ...order, at: new Date().toISOString() })
  return run
}

/** Nobody gives it an order any more. */
export async function disarmRun({ run, started, waitsNoMore }: Armed, target: Target): Promise<void> {
  waitsNoMore()
  await started.then(
    () => interruptRun(run, target),
    () => undefined,
  )
}

async function startContainer(argv: readonly string[]): Promise<void> {
  const { exitCode, stderr, timedOut } = await runProgram('docker', argv, { timeoutMs: 120_000 })
  if (exitCode === 0) return
  const full = /no space left on device/i.test(stderr)
  throw new SlipwayError(full ? 'DISK_FULL' : 'RUNNER_FAILED', 'The runner could not be started', {
    why: timedOut ? 'docker did not end in time' : lastLines(stderr, 1)[0],
    output: lastLines(stderr),
    state: 'nothing that runs was touched',
    next: full ? 'Free some disk space there.' : 'Look at what Docker says on the server: docker info',
  })
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
  const how = await follow(layout.runs, run, from, signal, tell, () => isAlive(project, run))
  if (how === 'died') await takeBack(layout.runs, run)
  return ended === undefined ? { run, died: true } : { run, ended }
}

/**
 * Started again, a runner whose deployment has ended takes up what came after it, which would end with this session if it
 * were begun here. False: there is none any more, or it is at something else.
 */
export async function takeUpAgain({ project, layout }: Target): Promise<boolean> {
  const run = await latestRun(layout.runs)
  if (run === undefined || !isRunId(run) || (await endOf(layout.runs, run)) === undefined) return false
  if (await otherRunnerLives(project)) return false
  const argv = ['start', '--', runnerContainer(project, run)]
  return (await runProgram('docker', argv, { timeoutMs: 20_000 })).exitCode === 0
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
