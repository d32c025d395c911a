import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ComposeService } from '../config/document.ts'
import type { Release } from '../release/model.ts'
import { Bell } from '../release/bell.ts'
import { followLog } from '../support/container-log.ts'
import { inspect } from './containers.ts'
import { docker, tryDocker } from './docker.ts'
import { labels } from './names.ts'
import { presentImages } from './present-images.ts'
import {
  commitArgv,
  dataDirectory,
  firstSetUp,
  readyImage,
  readyLabel,
  readyRepository,
  setUpArgv,
  type FirstSetUp,
} from './ready-database.ts'

/** A service on the stage that runs PostgreSQL, and the database there that a copy gets anyway. */
export interface DatabaseOnStage {
  service: ComposeService | undefined
  database: string
}

/** The image to begin it from; undefined: there is none. */
export async function findReadyImage(onStage: DatabaseOnStage): Promise<string | undefined> {
  const wanted = await wantedImage(onStage)
  if (wanted === undefined) return undefined
  return (await imageId(wanted.name)) === undefined ? undefined : wanted.name
}

/**
 * Makes it where there is none. Its container has the labels of the stage, so that whoever clears that finds one that was
 * left. `saysReady`: whether a log tells of a server that has been set up.
 */
export async function makeReadyImage(
  stage: Release,
  onStage: DatabaseOnStage,
  saysReady: (log: string) => boolean,
): Promise<void> {
  const wanted = await wantedImage(onStage)
  if (wanted === undefined || (await imageId(wanted.name)) !== undefined) return
  const container = `${stage.project}-set-up`
  try {
    // By its id: its name may be another image's a moment later.
    await setUpIn(container, stage, { ...wanted.setUp, image: wanted.base }, saysReady)
    await docker(commitArgv(container, wanted.name, wanted.base))
  } finally {
    await tryDocker(['rm', '--force', '--volumes', '--', container])
  }
  await removeOutdated()
}

/** One that did not do what it is for. */
export async function forgetReadyImage(name: string): Promise<void> {
  await tryDocker(['image', 'rm', '--', name])
}

async function wantedImage({ service, database }: DatabaseOnStage): Promise<WantedImage | undefined> {
  const setUp = service === undefined ? undefined : firstSetUp(service, database)
  if (setUp === undefined) return undefined
  const base = await imageId(setUp.image)
  return base === undefined ? undefined : { setUp, base, name: readyImage(setUp, base) }
}

interface WantedImage {
  setUp: FirstSetUp
  /** The id of the database's own image. */
  base: string
  name: string
}

async function imageId(reference: string): Promise<string | undefined> {
  return (await presentImages([reference])).get(reference)?.id
}

/** It stops by itself to be whole on the disk: one that was killed, or never got there, is not kept. */
async function setUpIn(
  container: string,
  stage: Release,
  setUp: FirstSetUp,
  saysReady: (log: string) => boolean,
): Promise<void> {
  const own = { [labels.project]: stage.project, [labels.release]: stage.id }
  await docker(setUpArgv(setUp, { name: container, labels: own }), {
    environment: {
      ...setUp.environment,
      PGDATA: dataDirectory,
      // Nobody ever logs in with it.
      POSTGRES_PASSWORD: randomBytes(24).toString('base64url'),
    },
  })
  if (!(await comesToSay(container, saysReady))) throw new Error('it was not set up in time')
  await docker(['stop', '--time', '20', '--', container])
  const [stopped] = await inspect([container])
  if (stopped?.state.exitCode !== 0) throw new Error(`it ended with code ${stopped?.state.exitCode ?? 'unknown'}`)
}

/** False: it stopped before it did, or the time is over. */
async function comesToSay(container: string, saysReady: (log: string) => boolean): Promise<boolean> {
  let heard = ''
  const bell = new Bell()
  const log = await followLog(container, text => {
    heard += text
    if (saysReady(heard)) bell.ring()
  })
  const over = new AbortController()
  const late = sleep(setUpWithinMs, undefined, { signal: over.signal }).catch(() => undefined)
  await Promise.race([bell.rung(), log.ended, late])
  over.abort()
  log.stop()
  return saysReady(heard)
}

/** Of those of which the database's own image has gone, and those whose name somebody else's has taken. */
export async function removeOutdated(): Promise<void> {
  const format = `{{.ID}} {{.Repository}}:{{.Tag}}`
  const listed = await tryDocker(['image', 'ls', '--no-trunc', '--filter', `label=${readyLabel}`, '--format', format])
  for (const line of listed.stdout.split('\n').filter(Boolean)) {
    const [id = '', name = ''] = line.split(' ')
    const isNamed = name.startsWith(`${readyRepository}:`)
    if (!isNamed || !(await hasTag(await baseOf(id)))) await tryDocker(['image', 'rm', '--', isNamed ? name : id])
  }
}

async function baseOf(id: string): Promise<string> {
  const format = `{{index .Config.Labels "${readyLabel}"}}`
  return (await tryDocker(['image', 'inspect', '--format', format, '--', id])).stdout.trim()
}

/** Slipway itself tags all images that its releases use. */
async function hasTag(id: string): Promise<boolean> {
  const { exitCode, stdout } = await tryDocker(['image', 'inspect', '--format', '{{len .RepoTags}}', '--', id])
  return exitCode === 0 && stdout.trim() !== '0'
}

const setUpWithinMs = 30_000
