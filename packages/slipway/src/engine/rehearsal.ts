import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ComposeDocument } from '../config/document.ts'
import { readIfPresent, writeAtomically } from '../support/files.ts'
import type { Release, ReleaseService } from '../release/model.ts'
import type { JobResult } from '../release/ports.ts'
import { composeArgv, createAlone, upAlone } from './compose-argv.ts'
import { containerRoles, inspect, ofRelease } from './containers.ts'
import { docker, tryDocker } from './docker.ts'
import { startMade, startsAsMade } from './made.ts'
import { makeJob, runToEnd } from './jobs.ts'
import { files, labels, migrateContainer, migrateService } from './names.ts'
import { onReadyImage } from './ready-database.ts'
import { findReadyImage, makeReadyImage } from './ready-database-images.ts'
import { readDocument } from './release-files.ts'
import { newDocument, oldDocument, reachesOutside, reading, stageProject } from './rehearsal-document.ts'
import { removeRelease } from './removal.ts'

/** A release on the stage of a rehearsal: in containers of their own, thrown away afterwards. */
export interface StagedRelease {
  /** As it is there: to be looked at and probed like any release. */
  release: Release
  /** Why it can not be run there. */
  refusal: string | undefined
  start(): Promise<void>
}

/** Writes down what the old release is on the stage. Returns the image its database begins from when that is set up already. */
export async function setStage(
  current: Release,
  database: StageDatabase,
  directory: string,
  from: 'whatever is quick' | 'nothing',
): Promise<string | undefined> {
  const { stage, state, release } = await oldOnStage(current)
  const document = oldDocument({ stage, state, release, database: database.service })
  const service = document.services[database.service]
  const ready = from === 'nothing' ? undefined : await findReadyImage({ service, database: database.name })
  const shared = sharedWithCopy(directory)
  if (service !== undefined) {
    const begun = ready === undefined ? service : onReadyImage(service, ready)
    document.services[database.service] = reading(begun, shared)
  }
  await mkdir(shared.outside, { recursive: true, mode: 0o700 })
  await writeAtomically(join(directory, oldFile), JSON.stringify(document))
  return ready
}

/** A folder of this machine, and as which one the database of the copy can read what lies in it. */
export function sharedWithCopy(directory: string): { outside: string; inside: string } {
  return { outside: join(directory, 'dump'), inside: '/slipway-dump' }
}

export interface StageDatabase {
  /** The Compose service that runs PostgreSQL. */
  service: string
  /** What the live database is called there. */
  name: string
}

/** Starts the state services of the old release anew and empty. */
export async function startCopy(current: Release, directory: string): Promise<void> {
  const { stage, state } = await oldOnStage(current)
  await up(stage, directory, oldFile, Object.keys(state.services))
}

/** For the next rehearsal: it need not wait for a first set-up. */
export async function prepareNextCopy(
  current: Release,
  database: StageDatabase,
  saysReady: (log: string) => boolean,
): Promise<void> {
  const { stage, state, release } = await oldOnStage(current)
  const { services } = oldDocument({ stage, state, release, database: database.service })
  await makeReadyImage(stage, { service: services[database.service], database: database.name }, saysReady)
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
  const names = stage.services.map(service => service.name)
  const isQuick = names.length > 0 && startsAsMade(release, names)
  return { ...old, start: async () => (isQuick && (await startMade(stage, names)) ? undefined : old.start()) }
}

/** Makes the containers of the old release, so that they only have to be started. */
export async function createOld(current: Release, directory: string): Promise<void> {
  const { release, refusal } = await stageOld(current, directory)
  if (refusal !== undefined) return
  const names = release.services.map(service => service.name)
  // Should it fail, so will the start, and that one says why.
  await tryDocker(compose(release, directory, oldFile, createAlone(names)))
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
  if (!startsAsMade(await readDocument(next, files.release), [migrateService])) return
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

/** As which release the containers were labelled whose documents lie in this folder; undefined: no whole document does. */
export async function stagedAs(directory: string): Promise<string | undefined> {
  const text = await readIfPresent(join(directory, oldFile))
  if (text === undefined) return undefined
  const { services } = JSON.parse(text) as ComposeDocument
  return Object.values(services).flatMap(service => service.labels?.[labels.release] ?? [])[0]
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
