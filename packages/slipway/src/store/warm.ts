import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isMissing, readIfPresent, syncDirectory, writeAtomically } from '../support/files.ts'
import type { Warm, WarmNote } from '../release/ports.ts'
import type { Layout } from './layout.ts'
import { isReleaseId } from './releases.ts'

/** The note of the release that is kept warm: one small file, on disk before the deployment goes on. */
export function fileWarm(layout: Layout): Omit<Warm, 'tooTight'> {
  return {
    async read() {
      return noteIn(await readIfPresent(layout.warm))
    },
    write: note => writeAtomically(layout.warm, `${JSON.stringify(note)}\n`),
    async clear() {
      await rm(layout.warm, { force: true })
      await syncDirectory(dirname(layout.warm)).catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
    },
  }
}

function noteIn(text: string | undefined): WarmNote | undefined {
  try {
    const { release, until } = JSON.parse(text ?? '{}') as Partial<Record<keyof WarmNote, unknown>>
    if (typeof release !== 'string' || !isReleaseId(release)) return undefined
    // A time that can not be read is over.
    const time = typeof until === 'string' && !Number.isNaN(Date.parse(until)) ? until : new Date(0).toISOString()
    return { release, until: time }
  } catch {
    return undefined
  }
}
