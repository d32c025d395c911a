import { randomBytes } from 'node:crypto'
import { cp, lchown, lstat, mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import { errorCode } from '../support/files.ts'
import type { Copy } from './place.ts'

/** Copies what a release mounts into its folder, with the owners and modes that the app counts on. */
export async function copyInto(copies: readonly Copy[]): Promise<void> {
  for (const copy of copies) {
    const source = await sourceOf(copy)
    try {
      await mkdir(dirname(copy.to), { recursive: true, mode: 0o755 })
      if (copy.lasting === true) await copyOnce(source, copy.to)
      else await copyTree(source, copy.to)
    } catch (error) {
      throw notCopied(source, error)
    }
  }
}

/** The file or folder to copy, with the links on the way to it followed, as Docker follows them when it mounts. */
export async function sourceOf({ from, fallback }: Copy): Promise<string> {
  const source = (await exists(from)) ? from : fallback
  if (await exists(source)) return realpath(source)
  throw new SlipwayError('SECRET_MISSING', `The file ${source} is missing`, {
    why: 'the Compose files mount it as a secret, config or read-only file',
    state: 'nothing that runs was touched',
    next: 'Create it and deploy again.',
  })
}

/** What is there already has the same content, and may be mounted: it is left alone. */
async function copyOnce(source: string, to: string): Promise<void> {
  if (await exists(to)) return
  const temporary = `${to}.${randomBytes(6).toString('hex')}.partial`
  try {
    await copyTree(source, temporary)
    await rename(temporary, to)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function copyTree(source: string, to: string): Promise<void> {
  // Links inside stay as they are written: the container follows them, in its own file system.
  await cp(source, to, { recursive: true, preserveTimestamps: true, force: true, verbatimSymlinks: true })
  if (process.getuid?.() === 0) await copyOwners(source, to)
}

async function copyOwners(source: string, to: string): Promise<void> {
  const { uid, gid } = await lstat(source)
  await lchown(to, uid, gid)
  if (!(await lstat(source)).isDirectory()) return
  for (const name of await readdir(source)) await copyOwners(join(source, name), join(to, name))
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false
    throw notCopied(path, error)
  }
}

function notCopied(path: string, error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error
  const full = errorCode(error) === 'ENOSPC' || errorCode(error) === 'EDQUOT'
  return new SlipwayError(full ? 'DISK_FULL' : 'SOURCE_FAILED', `${path} could not be copied into the release`, {
    why: error instanceof Error ? error.message : String(error),
    state: 'nothing that runs was touched',
    next: full ? 'Free some disk space and deploy again.' : 'Make it readable for the user that deploys.',
    cause: error,
  })
}
