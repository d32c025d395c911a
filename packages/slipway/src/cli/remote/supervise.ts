import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunId, runnerCommand, workCommand } from '../../runner/names.ts'
import { endOf } from '../../runner/run-lines.ts'
import { readOrder } from '../../runner/runs.ts'
import { layout } from '../../store/layout.ts'
import { exitCodes } from '../../support/errors.ts'

/**
 * The runner's first process, which does nothing but outlive the one that works: a container ends with its first
 * process, and the guardian of a deployment that died must not. Started again, it has what was begun brought to its end;
 * when that has ended, what went on after it: looking after a warm release, or going back to it.
 */
export async function supervise(argv: readonly string[]): Promise<number> {
  const [command, project, run, ...more] = argv
  if (command !== runnerCommand || project === undefined || !isRunId(run) || more.length > 0) {
    process.stderr.write('This command is for slipway itself.\n')
    return exitCodes.usage
  }
  const { runs } = layout(project)
  const hadEnded = (await endOf(runs, run)) !== undefined
  for (let tries = 0; (await endOf(runs, run)) === undefined; tries++) {
    if (tries > mostTries) return exitCodes.failedNothingChanged
    if (tries > 1) await sleep(pauseMs)
    await work([workCommand, project, run])
    if ((await readOrder(runs, run)) === undefined) return exitCodes.ok
  }
  for (let tries = 0; hadEnded && tries < mostTries; tries++) {
    if ((await work([workCommand, project, run])) === exitCodes.ok) break
    await sleep(pauseMs)
  }
  return othersEnd()
}

const mostTries = 20
const pauseMs = 5000

async function work(argv: readonly string[]): Promise<number> {
  const entry = process.argv[1]
  if (entry === undefined) return exitCodes.bug
  const child = spawn(process.execPath, [entry, ...argv], { stdio: ['ignore', 'inherit', 'inherit'] })
  const pass = (name: NodeJS.Signals): void => void child.kill(name)
  for (const name of passed) process.on(name, pass)
  const ended: unknown[] = await once(child, 'close').catch(() => [])
  for (const name of passed) process.off(name, pass)
  return typeof ended[0] === 'number' ? ended[0] : exitCodes.failedNothingChanged
}

const passed = ['SIGINT', 'SIGTERM'] as const

/**
 * A guardian on its way out, and the process that looks after a warm release: they go on after the deployment. When the
 * machine goes down under them, Docker starts this again only after a failure.
 */
async function othersEnd(): Promise<number> {
  const ours = new Set([1, process.pid])
  let asked: NodeJS.Signals | undefined
  for (const name of passed) process.on(name, () => (asked ??= name))
  for (;;) {
    const others = (await readdir('/proc')).filter(name => /^\d+$/.test(name) && !ours.has(Number(name)))
    if (others.length === 0 || asked === 'SIGINT') return exitCodes.ok
    if (asked === 'SIGTERM') return exitCodes.interrupted
    await sleep(200)
  }
}
