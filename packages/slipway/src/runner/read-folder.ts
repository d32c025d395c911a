import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, open, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { SlipwayError } from '../support/errors.ts'
import type { Entry, Manifest } from './manifest.ts'
import { pieceBytes } from './wire.ts'

/** The manifest of these files of a folder. Files that went away meanwhile are left out. */
export async function manifestOf(directory: string, paths: readonly string[]): Promise<Manifest> {
  const entries: (Entry | undefined)[] = []
  for (let at = 0; at < paths.length; at += width) {
    entries.push(...(await Promise.all(paths.slice(at, at + width).map(path => entryOf(directory, path)))))
  }
  return { entries: entries.filter(entry => entry !== undefined) }
}

/** A file in pieces that are small enough for one message each. */
export async function* pieces(file: string): AsyncGenerator<{ bytes: Buffer; isLast: boolean }> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    for (let sent = 0; sent < size; ) {
      const { bytesRead, buffer } = await handle.read(
        Buffer.alloc(Math.min(pieceBytes, size - sent)),
        0,
        undefined,
        sent,
      )
      if (bytesRead === 0) throw unreadable(file, 'it became shorter while it was read')
      sent += bytesRead
      yield { bytes: buffer.subarray(0, bytesRead), isLast: sent >= size }
    }
  } finally {
    await handle.close()
  }
}

const width = 32

async function entryOf(directory: string, path: string): Promise<Entry | undefined> {
  const file = join(directory, path)
  const found = await lstat(file).catch(() => undefined)
  if (found === undefined) return undefined
  try {
    if (found.isSymbolicLink()) return { kind: 'link', path, target: await readlink(file) }
    const hash = createHash('sha256')
    let bytes = 0
    for await (const piece of createReadStream(file)) {
      hash.update(piece as Buffer)
      bytes += (piece as Buffer).length
    }
    return { kind: 'file', path, mode: found.mode & 0o777, bytes, sha256: hash.digest('hex') }
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error))
  }
}

function unreadable(file: string, why: string): SlipwayError {
  return new SlipwayError('UPLOAD_FAILED', `The file ${file} can not be read`, {
    why,
    state: 'nothing was changed on the server',
    next: 'Make it readable, or let Git ignore it.',
  })
}
