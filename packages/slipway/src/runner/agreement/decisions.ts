import { open } from 'node:fs/promises'
import type { Event } from '../../release/events.ts'
import type { DeploymentId } from '../../release/model.ts'
import { decisionsOf, type AgreementKey, type Decisions } from '../../release/several/agreement.ts'
import { parseLines } from '../../store/json-lines.ts'
import type { Layout } from '../../store/layout.ts'
import { isMissing, syncDirectory } from '../../support/files.ts'

/**
 * What the journal on this disk says of a deployment. Only after an fsync of it: a line that is not on the disk yet may
 * be gone after a power cut, and somebody would have acted on it. A journal that is not there decides as well; a folder
 * of journals that is not there decides nothing.
 */
export async function decisionsOnDisk(
  layout: Pick<Layout, 'journal' | 'journals'>,
  key: AgreementKey,
): Promise<Decisions> {
  return decisionsOf(key, await durableEvents(layout, key.slice(0, key.indexOf('@')) as DeploymentId))
}

async function durableEvents(layout: Pick<Layout, 'journal' | 'journals'>, id: DeploymentId): Promise<Event[]> {
  await syncDirectory(layout.journals)
  const handle = await open(layout.journal(id), 'r').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (handle === undefined) return []
  try {
    // First read, then synced: all that was read is on the disk.
    const text = await handle.readFile('utf8')
    await handle.sync()
    const values: unknown[] = parseLines(text).filter(value => typeof value['type'] === 'string')
    return values as Event[]
  } finally {
    await handle.close()
  }
}
