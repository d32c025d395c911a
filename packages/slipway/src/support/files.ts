import { randomBytes } from 'node:crypto'
import { createReadStream, type ReadStream } from 'node:fs'
import { link, lstat, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Writes a file so that after a crash there is either the old one or the new one, whole. Mode 0600 unless told. */
export async function writeAtomically(file: string, content: string, mode = 0o600): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.partial`
  try {
    await writeWhole(temporary, content, mode)
    await rename(temporary, file)
    await syncDirectory(dirname(file))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/**
 * Makes a file that is there whole or not at all; false: there is one of that name already, also when somebody else was
 * quicker. Mode 0600 unless told.
 */
export async function createAtomically(file: string, content: string, mode = 0o600): Promise<boolean> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.partial`
  try {
    await writeWhole(temporary, content, mode)
    await link(temporary, file).catch((error: unknown) => {
      if (errorCode(error) === 'EEXIST') throw error
      // Not every file system has links.
      return writeWhole(file, content, mode)
    })
    await syncDirectory(dirname(file))
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Removes what `writeAtomically` left in a folder when its process was killed: what nobody touched for a minute. */
export async function removeHalfWritten(directory: string, now = new Date()): Promise<void> {
  for (const name of await readdir(directory).catch((): string[] => [])) {
    if (!/\.[0-9a-f]{12}\.partial$/.test(name)) continue
    const file = join(directory, name)
    const status = await lstat(file).catch(() => undefined)
    if (status !== undefined && now.getTime() - status.mtimeMs > 60_000) await rm(file, { force: true })
  }
}

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function writeWhole(file: string, content: string, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The file's text; undefined when there is no such file. */
export async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Whether there is anything of this name. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}

/** Node's `code` of a system error, as in ENOSPC. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** A file of many megabytes: in pieces of the usual 64 kB it takes twice the time of the processor. */
export function readLargeFile(file: string, descriptor?: number): ReadStream {
  return createReadStream(file, {
    highWaterMark: 256 * 1024,
    ...(descriptor === undefined ? {} : { fd: descriptor }),
  })
}
