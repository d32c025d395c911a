import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Commit } from '../release/model.ts'
import { contentName } from './manifest.ts'
import { manifestOf } from './read-folder.ts'
import { filesBelow, isIntact } from './stored-tree.ts'
import { noteUpload, partial, removeStale } from './uploads.ts'

/**
 * Code that the server fetched itself becomes what code that was sent here is: a folder with the name of its content,
 * never changed afterwards.
 */
export async function openFetched(uploads: string): Promise<FetchedUpload> {
  await mkdir(uploads, { recursive: true, mode: 0o700 })
  await removeStale(uploads)
  const scratch = join(uploads, `${partial}${randomBytes(6).toString('hex')}`)
  await mkdir(scratch, { mode: 0o700 })
  return new FetchedUpload(uploads, scratch)
}

export class FetchedUpload {
  /** To be filled. */
  readonly tree: string
  readonly #uploads: string
  readonly #scratch: string

  constructor(uploads: string, scratch: string) {
    this.tree = join(scratch, 'tree')
    this.#uploads = uploads
    this.#scratch = scratch
  }

  /** Returns the folder. */
  async finish(commit: Commit): Promise<string> {
    const manifest = await manifestOf(this.tree, (await filesBelow(this.tree)).sort())
    const folder = join(this.#uploads, contentName(manifest))
    if (!(await isIntact(folder, manifest))) {
      await rename(folder, join(this.#scratch, 'damaged')).catch(() => undefined)
      await rename(this.tree, folder).catch(async (error: unknown) => {
        // Somebody else has just brought the same.
        if (!(await isIntact(folder, manifest))) throw error
      })
    }
    await noteUpload(folder, { manifest, commit })
    await this.abandon()
    return folder
  }

  async abandon(): Promise<void> {
    await rm(this.#scratch, { recursive: true, force: true })
  }
}
