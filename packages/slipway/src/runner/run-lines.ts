import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeploymentRecord } from '../release/model.ts'
import type { Event } from '../release/events.ts'
import { readIfPresent } from '../support/files.ts'
import type { ErrorDocument } from './error-document.ts'
import type { RunId } from './names.ts'

/**
 * What a runner tells of its work, line by line; the last one is how it ended. The journal is the truth about the
 * deployment; this is for who watches.
 */
export type Line = { event: Event } | { ended: Ended }

export type Ended = { record: DeploymentRecord } | { error: ErrorDocument }

export async function openRun(runs: string, run: RunId): Promise<RunWriter> {
  const handle = await open(linesFile(runs, run), 'a', 0o600)
  // What was killed may have left half a line.
  let queue: Promise<unknown> = handle.appendFile('\n')
  return {
    write(line) {
      // A watcher that can not be told keeps no deployment from its end.
      queue = queue.then(() => handle.appendFile(`${JSON.stringify(line)}\n`)).catch(() => undefined)
    },
    async close() {
      await queue
      await handle.sync().catch(() => undefined)
      await handle.close()
    },
  }
}

export interface RunWriter {
  write(line: Line): void
  close(): Promise<void>
}

/** Undefined: it has not ended, or its end was not written. */
export async function endOf(runs: string, run: RunId): Promise<Ended | undefined> {
  const text = (await readIfPresent(linesFile(runs, run))) ?? ''
  for (const line of text.split('\n').reverse()) {
    const read = parsedLine(line)
    if (read !== undefined && 'ended' in read) return read.ended
  }
  return undefined
}

/** The events that were written so far. */
export async function toldEvents(runs: string, run: RunId): Promise<Event[]> {
  const text = (await readIfPresent(linesFile(runs, run))) ?? ''
  return text.split('\n').flatMap(line => {
    const read = parsedLine(line)
    return read !== undefined && 'event' in read ? [read.event] : []
  })
}

export const linesFile = (runs: string, run: RunId): string => join(runs, run, 'lines.jsonl')

/** Undefined: half a line, as a kill leaves it. */
export function parsedLine(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Line) : undefined
  } catch {
    return undefined
  }
}
