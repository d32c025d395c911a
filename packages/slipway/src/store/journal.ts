import { mkdir, open, readdir, readFile } from 'node:fs/promises'
import { errorCode, isMissing, readIfPresent, syncDirectory } from '../support/files.ts'
import { SlipwayError } from '../support/errors.ts'
import type { Event } from '../release/events.ts'
import type { DeploymentId, DeploymentRecord } from '../release/model.ts'
import type { Journal } from '../release/ports.ts'
import type { Layout } from './layout.ts'

/** Journals as JSON lines, one file a deployment, every line on disk before the deployment goes on. */
export function fileJournal(layout: Layout): Journal {
  return {
    async open(id) {
      await mkdir(layout.journals, { recursive: true, mode: 0o700 })
      const handle = await open(layout.journal(id), 'a', 0o600)
      await syncDirectory(layout.journals)
      let queue = Promise.resolve()
      return {
        append(event) {
          const written = queue.then(async () => {
            await handle.appendFile(`${JSON.stringify(event)}\n`)
            await handle.datasync()
          })
          queue = written.catch(() => undefined)
          return written.catch((error: unknown) => {
            throw new SlipwayError(errorCode(error) === 'ENOSPC' ? 'DISK_FULL' : 'BUG', 'The journal could not be written', {
              why: error instanceof Error ? error.message : String(error),
              next: 'Free some disk space and run slipway again: it takes up where it was.',
            })
          })
        },
        async close() {
          await queue
          await handle.close()
        },
      }
    },
    async nextId() {
      const numbers = (await ids(layout)).map(id => Number(id.slice(1)))
      return `d${Math.max(0, ...numbers) + 1}`
    },
    read: id => readEvents(layout, id),
    async unfinished() {
      const newest = (await ids(layout)).sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))).at(-1)
      if (newest === undefined) return undefined
      const events = await readEvents(layout, newest)
      const ended = events.some(event => event.type === 'deployment-finished' && event.outcome !== 'needs-person')
      return events.length === 0 || ended ? undefined : newest
    },
    async record(record) {
      const handle = await open(layout.history, 'a', 0o600)
      try {
        await handle.appendFile(`${JSON.stringify(record)}\n`)
        await handle.datasync()
      } finally {
        await handle.close()
      }
    },
    history: () => readHistory(layout),
  }
}

async function readHistory(layout: Layout): Promise<DeploymentRecord[]> {
  const records = parseLines((await readIfPresent(layout.history)) ?? '') as DeploymentRecord[]
  // A deployment that was cut off between its record and its end is recorded again by the recovery: the newer one counts.
  return [...new Map(records.map(record => [record.id, record])).values()]
}

async function readEvents(layout: Layout, id: DeploymentId): Promise<Event[]> {
  return parseLines(await readFile(layout.journal(id), 'utf8')) as Event[]
}

/** A power cut can leave half a last line: it was never acted upon, so it does not count. */
export function parseLines(text: string): unknown[] {
  return text.split('\n').flatMap(line => {
    try {
      return line.trim() === '' ? [] : [JSON.parse(line) as unknown]
    } catch {
      return []
    }
  })
}

async function ids(layout: Layout): Promise<DeploymentId[]> {
  try {
    const names = await readdir(layout.journals)
    return names.flatMap(name => (/^d\d+\.jsonl$/.test(name) ? [name.slice(0, -'.jsonl'.length) as DeploymentId] : []))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
