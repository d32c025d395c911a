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
  await tryDocker(['rm', '--force', '--', container])
  const argv = releaseCompose(release, runJob(container, migrateService))
  const result = await tryDocker(argv, { timeoutMs: Math.max(1, timeoutMs) })
  await tryDocker(['rm', '--force', '--', container])
  return {
    // A migrator that is told to stop may well say that it ended well.
    exitCode: result.timedOut ? timedOutExitCode : result.exitCode,
    output: lastLines(`${result.stdout}\n${result.stderr}`, 20),
    timedOut: result.timedOut,
  }
}
