import { readdir, readFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode, isMissing, readIfPresent, syncDirectory } from '../support/files.ts'
import { SlipwayError } from '../support/errors.ts'
import type { Event } from '../release/events.ts'
import type { DeploymentId, DeploymentRecord } from '../release/model.ts'
import type { Journal } from '../release/ports.ts'
import { openLines, parseLines, type LineFile } from './json-lines.ts'
import type { Layout } from './layout.ts'

/** Journals as JSON lines, one file a deployment, every line on disk before the deployment goes on. */
export function fileJournal(layout: Layout): Journal {
  return {
    async open(id) {
      const lines = await written(() => openDurably(layout.journal(id)))
      return { append: event => written(() => lines.append(event)), close: () => lines.close() }
    },
    async nextId() {
      return `d${Math.max(0, ...(await numbers(layout))) + 1}`
    },
    read: id => readEvents(layout, id),
    async unfinished() {
      const newest = Math.max(0, ...(await numbers(layout)))
      if (newest === 0) return undefined
      const events = await readEvents(layout, `d${newest}`)
      const ended = events.some(event => event.type === 'deployment-finished' && event.outcome !== 'needs-person')
      return events.length === 0 || ended ? undefined : `d${newest}`
    },
    async record(record) {
      const lines = await written(() => openDurably(layout.history))
      try {
        await written(() => lines.append(record))
      } finally {
        await lines.close()
      }
    },
    history: () => readHistory(layout),
  }
}

async function openDurably(file: string): Promise<LineFile> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const lines = await openLines(file)
  await syncDirectory(dirname(file))
  return lines
}

async function written<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const full = errorCode(error) === 'ENOSPC' || errorCode(error) === 'EDQUOT'
    throw new SlipwayError(full ? 'DISK_FULL' : 'BUG', 'The journal could not be written', {
      why: error instanceof Error ? error.message : String(error),
      next: full
        ? 'Free some disk space and run slipway again: it takes up where it was.'
        : 'Mend the folder and run slipway again: it takes up where it was.',
      cause: error,
    })
  }
}

async function readHistory(layout: Layout): Promise<DeploymentRecord[]> {
  const values: unknown[] = parseLines((await readIfPresent(layout.history)) ?? '').filter(
    value => typeof value['id'] === 'string',
  )
  const records = values as DeploymentRecord[]
  // A deployment that was cut off between its record and its end is recorded again by the recovery: the newer one counts.
  return [...new Map(records.map(record => [record.id, record])).values()]
}

async function readEvents(layout: Layout, id: DeploymentId): Promise<Event[]> {
  const text = await readFile(layout.journal(id), 'utf8').catch((error: unknown) => {
    throw new SlipwayError('NO_RELEASE', `The journal of ${id} can not be read`, {
      why: isMissing(error) ? 'there is no such deployment' : String(error),
      next: 'slipway history lists the deployments.',
    })
  })
  const values: unknown[] = parseLines(text).filter(value => typeof value['type'] === 'string')
  return values as Event[]
}

async function numbers(layout: Layout): Promise<number[]> {
  try {
    const names = await readdir(layout.journals)
    return names.map(name => Number(/^d([1-9]\d{0,8})\.jsonl$/.exec(name)?.[1] ?? 0))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
