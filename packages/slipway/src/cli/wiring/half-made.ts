import { readdir, rm, stat } from 'node:fs/promises'
import { removeAbandoned } from '../../backup/abandoned.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { untagUnknown } from '../../engine/images.ts'
import { discardRelease } from '../../engine/fetch.ts'
import { stagedAs } from '../../engine/rehearsal.ts'
import type { DeploymentRecord, Release, ReleaseId } from '../../release/model.ts'
import type { Ports } from '../../release/ports.ts'
import { removeLeftOrders } from '../../runner/left-orders.ts'
import type { Layout } from '../../store/layout.ts'
import { fileJournal } from '../../store/journal.ts'
import { fileReleases, isReleaseId } from '../../store/releases.ts'
import { removeHalfWritten } from '../../support/files.ts'
import { backupsDirectory } from './database.ts'
import { removeLeftCheckouts } from './checkouts.ts'
import { rehearsalFolder } from './rehearsals.ts'

/**
 * What a process that was killed while it fetched has left: half releases, with secrets in them, releases that nobody
 * came to know of, code from Git, half a dump and half a file. Only under the lock, and with no deployment unfinished.
 */
export async function removeHalfMade(config: EnvironmentConfig, layout: Layout, ports: Ports): Promise<void> {
  await removeLeftCheckouts(layout)
  await removeAbandoned(backupsDirectory(config, layout))
  for (const folder of [layout.environment, layout.journals]) await removeHalfWritten(folder)
  // On a full disk not all of it can be done, and a deployment may make room.
  await removeLeftOrders(layout.runs).catch(() => undefined)
  await removeRehearsal(layout, ports)
  for (const { id, release } of await halfMadeReleases(layout)) {
    if (release !== undefined) await discardRelease(release, layout.release(id))
    await untagUnknown(config.project, id)
    await rm(layout.release(id), { recursive: true, force: true })
  }
}

/** Whether there is anything for `removeHalfMade` that would cost memory, or hold secrets. */
export async function isHalfMade(layout: Layout): Promise<boolean> {
  return (await halfMadeReleases(layout)).length > 0 || (await hasRehearsal(layout))
}

/**
 * One that no deployment ran, or whose deployment has ended: its containers would stay for ever. When that one could not
 * remove it after its switch, they bear the name of the release before.
 */
async function removeRehearsal(layout: Layout, { releases, rehearsals }: Ports): Promise<void> {
  if (!(await hasRehearsal(layout))) return
  const folder = rehearsalFolder(layout)
  const current = await releases.current()
  const staged = await stagedAs(folder).catch(() => undefined)
  const id = staged !== undefined && isReleaseId(staged) ? staged : current?.id
  if (current !== undefined && id !== undefined) await rehearsals?.remove({ ...current, id })
  await rm(folder, { recursive: true, force: true })
}

async function hasRehearsal(layout: Layout): Promise<boolean> {
  return (await stat(rehearsalFolder(layout)).catch(() => undefined)) !== undefined
}

/** Half ones (without a description), and those that nobody came to know of. */
async function halfMadeReleases(layout: Layout): Promise<{ id: ReleaseId; release?: Release }[]> {
  const releases = fileReleases(layout)
  const [current, history, names] = await Promise.all([
    releases.current().catch(() => undefined),
    fileJournal(layout).history(),
    readdir(layout.releases).catch((): string[] => []),
  ])
  const found = await Promise.all(
    names.filter(isReleaseId).map(async id => {
      const release = await releases.get(id).catch(() => 'damaged' as const)
      if (release === 'damaged') return []
      if (release === undefined) return [{ id }]
      return isUnknown(id, current?.id, history) ? [{ id, release }] : []
    }),
  )
  return found.flat()
}

/** Newer than what serves, and no deployment brought it live. A number that was given up may have been given again. */
function isUnknown(id: ReleaseId, current: ReleaseId | undefined, history: readonly DeploymentRecord[]): boolean {
  if (current !== undefined && Number(id.slice(1)) <= Number(current.slice(1))) return false
  const brought = history.filter(record => record.outcome !== 'failed' && record.outcome !== 'rolled-back')
  return !brought.some(record => record.release === id || record.previous === id)
}
