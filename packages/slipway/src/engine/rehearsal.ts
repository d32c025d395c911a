import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ComposeDocument } from '../config/document.ts'
import { writeAtomically } from '../support/files.ts'
import type { Release, ReleaseService } from '../release/model.ts'
import type { JobResult } from '../release/ports.ts'
import { composeArgv, createAlone, upAlone } from './compose-argv.ts'
import { containerRoles, inspect, ofRelease } from './containers.ts'
import { docker, tryDocker } from './docker.ts'
import { makeJob, runToEnd } from './jobs.ts'
import { files, migrateContainer } from './names.ts'
import { readDocument } from './release-files.ts'
import { newDocument, oldDocument, reachesOutside, stageProject } from './rehearsal-document.ts'
import { removeRelease } from './removal.ts'

/** A release on the stage of a rehearsal: in containers of their own, thrown away afterwards. */
export interface StagedRelease {
  /** As it is there: to be looked at and probed like any release. */
  release: Release
  /** Why it can not be run there. */
  refusal: string | undefined
  start(): Promise<void>
}

/** Starts the state services of the old release anew and empty. */
export async function startCopy(current: Release, database: string, directory: string): Promise<void> {
  const { stage, state, release } = await oldOnStage(current)
  const document = oldDocument({ stage, state, release, database })
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeAtomically(join(directory, oldFile), JSON.stringify(document))
  await up(stage, directory, oldFile, Object.keys(state.services))
}

/** The container of the throwaway database. */
export async function copyContainer(current: Release, database: string): Promise<string | undefined> {
  const ids = (await containerRoles(ofRelease(onStage(current)))).filter(each => each.role === 'state')
  const found = (await inspect(ids.map(each => each.id))).find(each => each.state.service === database)
  return found?.state.status === 'running' ? found.state.id : undefined
}

export async function stageOld(current: Release, directory: string): Promise<StagedRelease> {
  const { stage, release } = await oldOnStage(current)
  const old = staged(stage, release, directory, oldFile)
  return { ...old, start: async () => ((await startMade(stage)) ? undefined : old.start()) }
}

/** Makes the containers of the old release, so that they only have to be started. */
export async function createOld(current: Release, directory: string): Promise<void> {
  const { release, refusal } = await stageOld(current, directory)
  if (refusal !== undefined) return
  const names = release.services.map(service => service.name)
  // Should it fail, so will the start, and that one says why.
  await tryDocker(compose(release, directory, oldFile, createAlone(names)))
}

/** False: they are not all made, or can not be started as they are. */
async function startMade(stage: Release): Promise<boolean> {
  const made = await containerRoles([...ofRelease(stage), 'status=created'])
  const own = made.filter(({ role }) => stage.services.some(service => service.role === role))
  if (own.length !== stage.services.length) return false
  return (await tryDocker(['start', '--', ...own.map(each => each.id)])).exitCode === 0
}

/** Its containers take the place of the old release's, where those run. */
export async function stageNew(current: Release, next: Release, directory: string): Promise<StagedRelease> {
  const stage: Release = { ...next, id: current.id, project: stageProject(current.project), services: runnable(next) }
  const document = await readDocument(next, files.release)
  await writeAtomically(join(directory, newFile), JSON.stringify(newDocument(stage, document)))
  return staged(stage, document, directory, newFile)
}

/** Makes the container of the migration, so that it only has to be started. */
export async function createMigration(current: Release, next: Release, directory: string): Promise<void> {
  const { release } = await stageNew(current, next, directory)
  await makeJob(migrateContainer(release.project), rest => compose(release, directory, newFile, rest))
}

/** Runs the migration of the new release, which `stageNew` has put on the stage. */
export function migrateCopy(stage: Release, directory: string, timeoutMs: number): Promise<JobResult> {
  return runToEnd(migrateContainer(stage.project), rest => compose(stage, directory, newFile, rest), timeoutMs)
}

/** Removes containers, their volumes, the network and the documents, whoever made them. Safe to repeat. */
export async function clearStage(current: Release, directory: string): Promise<void> {
  await removeRelease(onStage(current), 'at-once')
  await rm(directory, { recursive: true, force: true })
}

export function onStage(current: Release): Release {
  return { ...current, project: stageProject(current.project), services: runnable(current) }
}

const oldFile = 'old.compose.json'
const newFile = 'new.compose.json'

async function oldOnStage(current: Release) {
  const [state, release] = await Promise.all([readDocument(current, files.state), readDocument(current, files.release)])
  return { stage: onStage(current), state, release }
}

function runnable(release: Release): ReleaseService[] {
  return release.services
    .filter(service => service.role === 'web' || service.role === 'worker')
    .map(service => ({ ...service, replicas: 1 }))
}

function staged(stage: Release, document: ComposeDocument, directory: string, file: string): StagedRelease {
  return {
    release: stage,
    refusal: refusalOf(stage.services, document),
    start: () =>
      up(
        stage,
        directory,
        file,
        stage.services.map(service => service.name),
      ),
  }
}

function refusalOf(services: readonly ReleaseService[], document: ComposeDocument): string | undefined {
  if (services.length === 0) return 'no service of it can be run apart'
  for (const { name } of services) {
    const definition = document.services[name]
    const why = definition === undefined ? undefined : reachesOutside(definition)
    if (why !== undefined) return `${name} can not be run apart: ${why}`
  }
  return undefined
}

async function up(stage: Release, directory: string, file: string, services: string[]): Promise<void> {
  if (services.length === 0) return
  await docker(compose(stage, directory, file, upAlone(services)), {
    code: 'REHEARSAL_FAILED',
    attempted: `The copy for the rehearsal could not be started: ${services.join(', ')}`,
    state: 'production was not touched',
    next: 'Mend the cause shown above, or set rehearse: off.',
  })
}

function compose(stage: Release, directory: string, file: string, rest: readonly string[]): string[] {
  return composeArgv(stage.project, join(directory, file), directory, rest)
}
