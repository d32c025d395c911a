import { join } from 'node:path'
import { lastLines } from '../support/run.ts'
import type { Release } from '../release/model.ts'
import type { JobResult } from '../release/ports.ts'
import { composeArgv, runJob } from './compose-argv.ts'
import { tryDocker } from './docker.ts'
import { files, migrateService, releaseProject } from './names.ts'

/** Runs the migration job of the release to its end, in a container that is gone afterwards. */
export async function runMigration(release: Release, timeoutMs: number): Promise<JobResult> {
  const project = releaseProject(release.project, release.id)
  const container = `${project}-migrate`
  await tryDocker(['rm', '--force', '--', container])
  const file = join(release.directory, files.release)
  const argv = composeArgv(project, file, release.directory, runJob(container, migrateService))
  const result = await tryDocker(argv, { timeoutMs: Math.max(1, timeoutMs) })
  await tryDocker(['rm', '--force', '--', container])
  return { exitCode: result.exitCode, output: lastLines(`${result.stdout}\n${result.stderr}`, 20), timedOut: result.timedOut }
}
