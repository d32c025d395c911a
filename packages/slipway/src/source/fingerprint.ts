import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isMissing } from '../support/files.ts'

/** A hash over files' names and contents, whatever folder they lie in; undefined when one of the paths is missing. */
export async function fingerprintFiles(root: string, paths: readonly string[]): Promise<string | undefined> {
  if (paths.length === 0) return undefined
  const hash = createHash('sha256')
  for (const path of [...paths].sort()) {
    const found = await filesUnder(path)
    if (found === undefined) return undefined
    for (const file of found) hash.update(`${relative(root, file.path)}\0${file.content.length}\0`).update(file.content)
  }
  return hash.digest('hex').slice(0, 32)
}

async function filesUnder(path: string): Promise<{ path: string; content: Buffer }[] | undefined> {
  try {
    const found = await lstat(path)
    if (found.isSymbolicLink()) return [{ path, content: Buffer.from(await readlink(path)) }]
    if (found.isFile()) return [{ path, content: await readFile(path) }]
    if (!found.isDirectory()) return []
    const names = (await readdir(path)).sort()
    const nested = await Promise.all(names.map(name => filesUnder(join(path, name))))
    return nested.flatMap(files => files ?? [])
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
