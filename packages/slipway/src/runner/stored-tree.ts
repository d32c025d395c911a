import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises'
import { constants } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { isMissing } from '../support/files.ts'
import { filesOf, type FileEntry, type Manifest } from './manifest.ts'

/** Folders of code on the disk of a server, and whether they still hold what their manifest says. */

export async function fileHash(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
  return hash.digest('hex')
}

/** Exactly the manifest's files: each with its content, and none beside them. */
export async function isIntact(folder: string, manifest: Manifest): Promise<boolean> {
  const found = await filesBelow(folder)
  if (found.length !== manifest.entries.length) return false
  for (const entry of manifest.entries) {
    const path = join(folder, entry.path)
    const good =
      entry.kind === 'link'
        ? (await readlink(path).catch(() => undefined)) === entry.target
        : await holds(path, entry, entry.mode)
    if (!good) return false
  }
  return true
}

/** Takes a file from another folder when it is what it should be there. */
export async function takeFile(from: string, to: string, entry: FileEntry): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
  return (await fileHash(to)) === entry.sha256
}

/** Puts the manifest's files where they belong; `contentOf` gives a file with the content. */
export async function writeTree(
  folder: string,
  manifest: Manifest,
  contentOf: (sha256: string) => string,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  for (const parent of new Set(manifest.entries.map(entry => dirname(entry.path)))) {
    await mkdir(join(folder, parent), { recursive: true, mode: 0o755 })
  }
  for (const entry of filesOf(manifest)) {
    const target = join(folder, entry.path)
    await copyFile(contentOf(entry.sha256), target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    await chmod(target, entry.mode)
  }
  // Last: what is written goes through none of them.
  for (const entry of manifest.entries) {
    if (entry.kind === 'link') await symlink(entry.target, join(folder, entry.path))
  }
}

async function holds(path: string, entry: FileEntry, mode: number): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isFile() !== true || found.size !== entry.bytes || (found.mode & 0o777) !== mode) return false
  return (await fileHash(path)) === entry.sha256
}

/** Files and links; nothing where there is no folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return found.filter(each => !each.isDirectory()).map(each => relative(folder, join(each.parentPath, each.name)))
}
