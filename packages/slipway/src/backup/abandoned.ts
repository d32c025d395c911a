import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isHeld, removeUnlessHeld } from '../support/held-file.ts'
import { isTrial, parseBackupName } from './names.ts'
import { isHalfClaim } from './owner.ts'

/**
 * Removes what backups left whose process was killed. The daily backup may be dumping into the same folder at this
 * moment, from another container: a dump that somebody holds, or that is another user's, is left alone.
 */
export async function removeAbandoned(directory: string, now = new Date()): Promise<void> {
  const names = await readdir(directory).catch((): string[] => [])
  for (const name of names) {
    const half = halfWritten(name)
    if (half === undefined) continue
    const file = join(directory, name)
    const status = await stat(file).catch(() => undefined)
    if (status === undefined || status.uid !== process.getuid?.()) continue
    const ageMs = now.getTime() - status.mtimeMs
    if (half.isClaim === true) {
      // Nobody holds it; it is one line, which takes nobody a minute.
      if (ageMs > minuteMs) await rm(file, { force: true })
      continue
    }
    // Whoever writes the digest holds the dump, which has its name by then.
    const held =
      half.digestOf === undefined ? await removeUnlessHeld(file) : await isHeld(join(directory, half.digestOf))
    if (held === false || (held === undefined && ageMs > dayMs)) await rm(file, { force: true })
  }
}

/** Pure. Undefined: it is none of Slipway's. */
function halfWritten(name: string): { digestOf?: string; isClaim?: true } | undefined {
  if (isTrial(name)) return {}
  if (isHalfClaim(name)) return { isClaim: true }
  const digestOf = /^(.+)\.sha256\.[0-9a-f]{12}\.partial$/.exec(name)?.[1]
  if (digestOf !== undefined && parseBackupName(digestOf) !== undefined) return { digestOf }
  const dump = /^(.+?)(?:\.[0-9a-f]{12})?\.partial$/.exec(name)?.[1]
  return dump !== undefined && parseBackupName(dump) !== undefined ? {} : undefined
}

const minuteMs = 60_000
const dayMs = 86_400_000
