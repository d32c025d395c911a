import { setTimeout as sleep } from 'node:timers/promises'
import { runningRunnersArgv } from '../../runner/container-argv.ts'
import { runnerContainer, type RunId } from '../../runner/names.ts'
import { fileJournal } from '../../store/journal.ts'
import type { Layout } from '../../store/layout.ts'
import { lockHolder } from '../../store/lock.ts'
import { run as runProgram } from '../../support/run.ts'

/**
 * What a process that died has left at work is in the container of its runner, and only that can end it before it takes
 * back what was begun. So as long as that runner lives and nobody has the lock, it is given a moment to do so.
 */
export async function leaveToItsRunner(
  place: Layout,
  lives: () => Promise<boolean>,
  limitMs = patienceMs,
): Promise<void> {
  const endsAt = performance.now() + limitMs
  while (performance.now() < endsAt) {
    if ((await fileJournal(place).unfinished()) === undefined) return
    if ((await lockHolder(place.lock)) !== undefined) return
    if (!(await lives())) return
    await sleep(paceMs)
  }
}

/** Whether a runner of this environment lives that is not one's own. */
export async function otherRunnerLives(project: string, own?: RunId): Promise<boolean> {
  const { exitCode, stdout } = await runProgram('docker', runningRunnersArgv(project), { timeoutMs: 20_000 })
  const ownName = own === undefined ? undefined : runnerContainer(project, own)
  return exitCode === 0 && stdout.split('\n').some(name => name !== '' && name !== ownName)
}

/** It begins again at once, and once more after five seconds. */
const patienceMs = 15_000
const paceMs = 300
