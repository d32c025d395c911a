import { lastLines, timedOutExitCode, type RunResult } from '../support/run.ts'
import type { Release } from '../release/model.ts'
import type { JobResult } from '../release/ports.ts'
import { createAlone, runJob } from './compose-argv.ts'
import { tryDocker } from './docker.ts'
import { migrateContainer, migrateService, releaseProject } from './names.ts'
import { releaseCompose } from './release-files.ts'

/** Runs the migration job of the release to its end, in a container that is gone afterwards. */
export function runMigration(release: Release, timeoutMs: number): Promise<JobResult> {
  const container = migrateContainer(releaseProject(release.project, release.id))
  return runToEnd(container, rest => releaseCompose(release, rest), Math.max(1, timeoutMs))
}

/** The same of whatever Compose project has such a job. Two of a name are never at work at once. */
export async function runToEnd(container: string, compose: ComposeCommand, timeoutMs: number): Promise<JobResult> {
  const result = (await startMade(container, timeoutMs)) ?? (await makeAndRun(container, compose, timeoutMs))
  return {
    // A migrator that is told to stop may well say that it ended well.
    exitCode: result.timedOut ? timedOutExitCode : result.exitCode,
    output: lastLines(`${result.stdout}\n${result.stderr}`, 20),
    timedOut: result.timedOut,
  }
}

/**
 * Makes the job's container, and those of more services, so that they only have to be started. Should it fail, they are
 * made when they are wanted, and whoever wants them says why they can not be.
 */
export async function makeJob(
  container: string,
  compose: ComposeCommand,
  more: readonly string[] = [],
): Promise<boolean> {
  const result = await tryDocker(compose(createAlone([migrateService, ...more])))
  if (result.exitCode !== 0) return false
  made.add(container)
  return true
}

/** The arguments for docker of a command of Compose. */
type ComposeCommand = (rest: readonly string[]) => string[]

/** By this process, and not started yet: of any other it is not known whether it has been at work. */
const made = new Set<string>()

/** Undefined: there is none. */
async function startMade(container: string, timeoutMs: number): Promise<RunResult | undefined> {
  if (!made.delete(container)) return undefined
  const result = await tryDocker(['start', '--attach', '--', container], { timeoutMs })
  if (result.exitCode !== 0 && result.stderr.includes(`No such container: ${container}`)) return undefined
  await remove(container)
  return result
}

async function makeAndRun(container: string, compose: ComposeCommand, timeoutMs: number): Promise<RunResult> {
  const argv = compose(runJob(container, migrateService))
  let result = await tryDocker(argv, { timeoutMs })
  // One that outlived its runner may still be at work: two at once must not be, and its name is the lock.
  if (result.exitCode !== 0 && isTaken(container, result.stderr)) {
    await remove(container)
    result = await tryDocker(argv, { timeoutMs })
  }
  // Compose has removed it when all went well.
  if (result.exitCode !== 0 || result.timedOut) await remove(container)
  return result
}

async function remove(container: string): Promise<void> {
  await tryDocker(['rm', '--force', '--volumes', '--', container])
}

/** What Docker says before it has made anything, so that nothing of the migration has run yet. */
function isTaken(container: string, stderr: string): boolean {
  return stderr.includes(`container name "/${container}" is already in use`)
}
