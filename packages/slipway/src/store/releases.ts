import { mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode, isMissing, readIfPresent, syncDirectory, writeAtomically } from '../support/files.ts'
import { SlipwayError } from '../support/errors.ts'
import type { Release, ReleaseId } from '../release/model.ts'
import type { ReleaseStore } from '../release/ports.ts'
import type { Layout } from './layout.ts'

/** Releases as folders; `current` is a symbolic link that one rename moves. */
export function fileReleases(layout: Layout): ReleaseStore {
  return {
    async nextId() {
      const numbers = (await ids(layout)).map(id => Number(id.slice(1)))
      return `r${Math.max(0, ...numbers) + 1}`
    },
    async current() {
      const id = await currentId(layout)
      return id === undefined ? undefined : readRelease(layout, id)
    },
    get: id => readRelease(layout, id),
    async all() {
      const releases = await Promise.all((await ids(layout)).map(id => readRelease(layout, id).catch(() => undefined)))
      return releases.filter(release => release !== undefined)
    },
    async setCurrent(id) {
      // One name for it: what a crash leaves is taken away by the next run. The lock keeps others out.
      const next = `${layout.current}.next`
      await rm(next, { force: true })
      await symlink(join('releases', id), next)
      await rename(next, layout.current)
      await syncDirectory(dirname(layout.current))
    },
    async remove(id) {
      if (isReleaseId(id)) await rm(layout.release(id), { recursive: true, force: true })
    },
  }
}

/** The release's own description is written last: a folder without it is not a release. */
export async function writeRelease(release: Release): Promise<void> {
  await mkdir(release.directory, { recursive: true, mode: 0o700 })
  await writeAtomically(join(release.directory, descriptionFile), JSON.stringify(release, null, 2))
}

const descriptionFile = 'release.json'

async function readRelease(layout: Layout, id: ReleaseId): Promise<Release | undefined> {
  if (!isReleaseId(id)) return undefined
  const file = join(layout.release(id), descriptionFile)
  const text = await readIfPresent(file)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Release
  } catch (error) {
    throw damaged(id, `${file}: ${error instanceof Error ? error.message : String(error)}`, error)
  }
}

async function currentId(layout: Layout): Promise<ReleaseId | undefined> {
  try {
    const name = (await readlink(layout.current)).split('/').at(-1) ?? ''
    return isReleaseId(name) ? name : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    if (errorCode(error) === 'EINVAL') throw damaged('current', `${layout.current} is not a symbolic link`, error)
    throw error
  }
}

function damaged(what: string, why: string, cause: unknown): SlipwayError {
  return new SlipwayError('NO_RELEASE', `The release ${what} can not be read`, {
    why,
    state: 'what serves goes on serving',
    next: 'Bring the file back from a copy of the folder, or have a person look.',
    cause,
  })
}

async function ids(layout: Layout): Promise<ReleaseId[]> {
  try {
    const found = (await readdir(layout.releases)).filter(isReleaseId)
    return found.sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

export function isReleaseId(text: string): text is ReleaseId {
  return /^r[1-9]\d{0,8}$/.test(text)
}
