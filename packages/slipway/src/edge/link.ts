import { mkdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReleaseId } from '../release/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { errorCode, isMissing, syncDirectory } from '../support/files.ts'
import { holdName, type EdgeLayout } from './layout.ts'

/** What the link says is behind the edge. The link on disk is the only state there is. */
export async function readLive(layout: EdgeLayout, project: string): Promise<ReleaseId | 'held' | undefined> {
  try {
    const target = await readlink(layout.live(project))
    if (target === holdName) return 'held'
    return isReleaseId(target) ? target : undefined
  } catch (error) {
    if (isMissing(error) || errorCode(error) === 'EINVAL') return undefined
    throw error
  }
}

/** Points the link elsewhere: one rename, so that each connection finds either the old or the new, at any moment of a crash. */
export async function pointLive(layout: EdgeLayout, project: string, target: string): Promise<void> {
  const directory = layout.project(project)
  // One name for it: what a crash leaves is taken away by the next time. The environment's lock keeps others out.
  const temporary = join(directory, '.live')
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await rm(temporary, { force: true })
    await symlink(target, temporary)
    await rename(temporary, layout.live(project))
    await syncDirectory(directory)
  } catch (error) {
    await rm(temporary, { force: true })
    throw new SlipwayError('EDGE_FAILED', `The edge could not be pointed to ${target}`, {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}

export async function removeLive(layout: EdgeLayout, project: string): Promise<void> {
  await rm(layout.live(project), { force: true })
}

function isReleaseId(text: string): text is ReleaseId {
  return /^r\d+$/.test(text)
}
