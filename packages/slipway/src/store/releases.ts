import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isMissing, readIfPresent, syncDirectory, writeAtomically } from '../support/files.ts'
import type { Release, ReleaseId } from '../release/model.ts'
import type { ReleaseStore } from '../release/ports.ts'
import type { Layout } from './layout.ts'

/** Releases as folders; `current` is a symbolic link that one rename moves. */
export function fileReleases(layout: Layout): ReleaseStore {
  const get = (id: ReleaseId) => readRelease(layout, id)
  return {
    async nextId() {
      const known = await ids(layout)
      for (const id of known) if ((await get(id)) === undefined) await rm(layout.release(id), { recursive: true, force: true })
      // Numbers of releases that failed are not used again: history would tell two stories of one.
      const told = [...((await readIfPresent(layout.history)) ?? '').matchAll(/"release":"(r\d+)"/g)].map(match => match[1] ?? 'r0')
      return `r${Math.max(0, ...[...known, ...told].map(id => Number(id.slice(1)))) + 1}`
    },
    async current() {
      const id = await currentId(layout)
      return id === undefined ? undefined : get(id)
    },
    get,
    async all() {
      const releases = await Promise.all((await ids(layout)).map(get))
      return releases.filter(release => release !== undefined)
    },
    async setCurrent(id) {
      const temporary = `${layout.current}.${randomBytes(6).toString('hex')}`
      await symlink(join('releases', id), temporary)
      await rename(temporary, layout.current)
      await syncDirectory(dirname(layout.current))
    },
    async remove(id) {
      await rm(layout.release(id), { recursive: true, force: true })
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
  const text = await readIfPresent(join(layout.release(id), descriptionFile))
  return text === undefined ? undefined : (JSON.parse(text) as Release)
}

async function currentId(layout: Layout): Promise<ReleaseId | undefined> {
  try {
    const name = (await readlink(layout.current)).split('/').at(-1) ?? ''
    return isReleaseId(name) ? name : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function ids(layout: Layout): Promise<ReleaseId[]> {
  try {
    return (await readdir(layout.releases)).filter(isReleaseId)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

export function isReleaseId(text: string): text is ReleaseId {
  return /^r[1-9]\d{0,8}$/.test(text)
}
