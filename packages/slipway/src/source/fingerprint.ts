import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { errorCode } from '../support/files.ts'

/** A hash over files' names and contents, whatever folder they lie in; undefined when one of the paths is missing. */
export async function fingerprintFiles(root: string, paths: readonly string[]): Promise<string | undefined> {
  if (paths.length === 0) return undefined
  return fingerprint(paths.toSorted(), path => relative(root, path))
}

/** Over one file or folder, also over who may do what with it. */
export function fingerprintWithOwner(path: string): Promise<string | undefined> {
  return fingerprint([path], (each, { mode, uid, gid }) => {
    return `${relative(dirname(path), each)}\0${mode & 0o7777}:${uid}:${gid}`
  })
}

type Attributes = { mode: number; uid: number; gid: number }
type Naming = (path: string, attributes: Attributes) => string

async function fingerprint(paths: readonly string[], naming: Naming): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    for (const path of paths) await add(hash, path, naming)
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined
    throw error
  }
  return hash.digest('hex').slice(0, 32)
}

/** One file after the other and piece by piece: a release may mount more than fits into memory. */
async function add(hash: Hash, path: string, naming: Naming): Promise<void> {
  const found = await lstat(path)
  if (found.isDirectory()) {
    for (const name of (await readdir(path)).sort()) await add(hash, join(path, name), naming)
  } else if (found.isSymbolicLink()) {
    hash.update(`link\0${naming(path, found)}\0${await readlink(path)}\0`)
  } else if (found.isFile()) {
    hash.update(`file\0${naming(path, found)}\0${found.size}\0`)
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer)
  }
}
