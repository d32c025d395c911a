import { lastLines, timedOutExitCode } from '../support/run.ts'
import type { Release } from '../release/model.ts'
import type { JobResult } from '../release/ports.ts'
import { runJob } from './compose-argv.ts'
import { tryDocker } from './docker.ts'
import { migrateService, releaseProject } from './names.ts'
import { releaseCompose } from './release-files.ts'

/** Runs the migration job of the release to its end, in a container that is gone afterwards. */
export async function runMigration(release: Release, timeoutMs: number): Promise<JobResult> {
  const container = `${releaseProject(release.project, release.id)}-migrate`
  const argv = releaseCompose(release, runJob(container, migrateService))
  const within = { timeoutMs: Math.max(1, timeoutMs) }
  let result = await tryDocker(argv, within)
  // One that outlived its runner may still be at work: two at once must not be, and its name is the lock.
  if (result.exitCode !== 0 && isTaken(container, result.stderr)) {
    await tryDocker(['rm', '--force', '--', container])
    result = await tryDocker(argv, within)
  }
  // Compose has removed it when all went well.
  if (result.exitCode !== 0 || result.timedOut) await tryDocker(['rm', '--force', '--', container])
  return {
    // A migrator that is told to stop may well say that it ended well.
    exitCode: result.timedOut ? timedOutExitCode : result.exitCode,
    output: lastLines(`${result.stdout}\n${result.stderr}`, 20),
    timedOut: result.timedOut,
  }
}

/** What Docker says before it has made anything, so that nothing of the migration has run yet. */
function isTaken(container: string, stderr: string): boolean {
  return stderr.includes(`container name "/${container}" is already in use`)
}
