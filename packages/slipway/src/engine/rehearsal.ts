import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ComposeService } from '../config/document.ts'
import { writeAtomically } from '../support/files.ts'
import { lastLines, timedOutExitCode } from '../support/run.ts'
import type { Release, ReleaseService } from '../release/model.ts'
import type { JobResult } from '../release/ports.ts'
import { composeArgv, runJob, upAlone } from './compose-argv.ts'
import { containerRoles, inspect, ofRelease } from './containers.ts'
import { docker, tryDocker } from './docker.ts'
import { files, migrateService } from './names.ts'
import { readDocument } from './release-files.ts'
import { reachesOutside, rehearsalDocuments, stageProject } from './rehearsal-document.ts'
import { removeRelease } from './removal.ts'

/** Where a rehearsal is run: containers of their own, thrown away afterwards. */
export interface Stage {
  /** The old release as it is there: to be looked at and probed like any release. */
  release: Release
  /** Why the old release can not be run there. */
  refusal: string | undefined
  startState(): Promise<void>
  /** The container of the throwaway database. */
  database(): Promise<string | undefined>
  migrate(timeoutMs: number): Promise<JobResult>
  startRelease(): Promise<void>
}

/** Prepares the documents; starts nothing yet. */
export async function setStage(order: StageOrder): Promise<Stage> {
  const { current, next, directory } = order
  const [state, old, job] = await Promise.all([
    readDocument(current, files.state),
    readDocument(current, files.release),
    readDocument(next, files.release),
  ])
  const services = current.services.filter(isRun).map(service => ({ ...service, replicas: 1 }))
  const release: Release = { ...current, project: stageProject(current.project), services, directory }
  const documents = rehearsalDocuments({ stage: release, state, release: old, job, database: order.database })
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeAtomically(join(directory, copyFile), JSON.stringify(documents.copy))
  await writeAtomically(join(directory, jobFile), JSON.stringify(documents.job))
  const compose = (file: string, rest: readonly string[]) =>
    composeArgv(release.project, join(directory, file), directory, rest)
  const started = async (names: string[]) => {
    if (names.length === 0) return
    await docker(compose(copyFile, upAlone(names)), {
      code: 'REHEARSAL_FAILED',
      attempted: `The copy for the rehearsal could not be started: ${names.join(', ')}`,
      state: 'production was not touched',
      next: 'Mend the cause shown above, or set rehearse: off.',
    })
  }
  return {
    release,
    refusal: refusalOf(services, old.services),
    startState: () => started(Object.keys(state.services)),
    startRelease: () => started(services.map(service => service.name)),
    database: () => containerOf(release, order.database),
    async migrate(timeoutMs) {
      const container = `${release.project}-migrate`
      const result = await tryDocker(compose(jobFile, runJob(container, migrateService)), { timeoutMs })
      await tryDocker(['rm', '--force', '--', container])
      return {
        exitCode: result.timedOut ? timedOutExitCode : result.exitCode,
        output: lastLines(`${result.stdout}\n${result.stderr}`, 20),
        timedOut: result.timedOut,
      }
    },
  }
}

export interface StageOrder {
  current: Release
  next: Release
  database: string
  directory: string
}

/** Removes containers, their volumes, the network and the documents, whoever made them. Safe to repeat. */
export async function clearStage(current: Release, directory: string): Promise<void> {
  await removeRelease({ ...current, project: stageProject(current.project) }, 'at-once')
  await rm(directory, { recursive: true, force: true })
}

const copyFile = 'copy.compose.json'
const jobFile = 'job.compose.json'

function isRun(service: ReleaseService): boolean {
  return service.role === 'web' || service.role === 'worker'
}

function refusalOf(
  services: readonly ReleaseService[],
  definitions: Readonly<Record<string, ComposeService>>,
): string | undefined {
  for (const { name } of services) {
    const definition = definitions[name]
    const why = definition === undefined ? undefined : reachesOutside(definition)
    if (why !== undefined) return `${name} can not be run apart: ${why}`
  }
  return undefined
}

async function containerOf(release: Release, service: string): Promise<string | undefined> {
  const ids = (await containerRoles(ofRelease(release))).filter(each => each.role === 'state').map(each => each.id)
  const found = (await inspect(ids)).find(each => each.state.service === service)
  return found?.state.status === 'running' ? found.state.id : undefined
}
