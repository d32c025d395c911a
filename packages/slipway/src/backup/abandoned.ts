import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isHeld } from '../support/held-file.ts'
import { parseBackupName } from './names.ts'

/**
 * Removes what backups left whose process was killed. Other environments, and the daily backup, may be dumping into the
 * same folder at this moment, from other containers: a dump that somebody holds, or that is another user's, is left alone.
 */
export async function removeAbandoned(directory: string, now = new Date()): Promise<void> {
  const names = await readdir(directory).catch((): string[] => [])
  for (const name of names) {
    const dump = dumpOf(name)
    if (dump === undefined) continue
    const file = join(directory, name)
    const status = await stat(file).catch(() => undefined)
    if (status === undefined || status.uid !== process.getuid?.()) continue
    const held = await isSomebodys(directory, dump)
    const isOld = now.getTime() - status.mtimeMs > dayMs
    if (held === false || (held === undefined && isOld)) await rm(file, { force: true })
  }
}

/** Pure: the name of the dump that a half-written file is, or is the digest of; undefined: it is none of Slipway's. */
function dumpOf(name: string): string | undefined {
  const half = /^(.+?)(?:\.sha256\.[0-9a-f]{12})?\.partial$/.exec(name)?.[1]
  return half !== undefined && parseBackupName(half) !== undefined ? half : undefined
}

/** Whoever writes the digest holds the dump, which has its name by then. */
async function isSomebodys(directory: string, dump: string): Promise<boolean | undefined> {
  const held = await Promise.all([dump, `${dump}.partial`].map(name => isHeld(join(directory, name))))
  return held.includes(true) || (held.includes(undefined) ? undefined : false)
}

const dayMs = 86_400_000
