import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DeploymentRecord } from '../release/model.ts'
import type { Event } from '../release/events.ts'
import { isMissing, readIfPresent, writeAtomically } from '../support/files.ts'
import type { ErrorDocument } from './error-document.ts'
import { isRunId, type RunId } from './names.ts'

/**
 * What runners were asked to do, each in a folder of its own: the order, and line by line what the runner tells of it.
 * The last line is how it ended. The journal is the truth about the deployment; this is for who watches.
 */
export interface Order {
  act: 'deploy' | 'rollback'
  configFile: string
  environment: string
  /** Who asked: `alice@laptop`. */
  by: string
  at: string
  /** For the Compose files, as they were set where it was asked. */
  variables: Readonly<Record<string, string>>
  rollback?: { release?: `r${number}`; data?: 'keep' | 'restore'; confirm?: string }
}

export type Line = { event: Event } | { ended: Ended }

export type Ended = { record: DeploymentRecord } | { error: ErrorDocument }

export async function makeRun(runs: string, run: RunId): Promise<void> {
  await mkdir(join(runs, run), { recursive: true, mode: 0o700 })
}

export async function writeOrder(runs: string, run: RunId, order: Order): Promise<void> {
  await writeAtomically(orderFile(runs, run), JSON.stringify(order))
}

export async function readOrder(runs: string, run: RunId): Promise<Order | undefined> {
  const text = await readIfPresent(orderFile(runs, run))
  return text === undefined ? undefined : (JSON.parse(text) as Order)
}

/** True the first time: what was begun before is resumed and not begun again. */
export async function begin(runs: string, run: RunId): Promise<boolean> {
  try {
    await (await open(join(runs, run, 'begun'), 'wx', 0o600)).close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

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
    const read = parsed(line)
    if (read !== undefined && 'ended' in read) return read.ended
  }
  return undefined
}

/** The events that were written so far. */
export async function toldEvents(runs: string, run: RunId): Promise<Event[]> {
  const text = (await readIfPresent(linesFile(runs, run))) ?? ''
  return text.split('\n').flatMap(line => {
    const read = parsed(line)
    return read !== undefined && 'event' in read ? [read.event] : []
  })
}

/**
 * The run that somebody means who names none: the newest, but none that only heard that another one is under way.
 * Undefined: there was none.
 */
export async function latestRun(runs: string): Promise<RunId | undefined> {
  const all = await allRuns(runs)
  let refused: RunId | undefined
  for (const run of all.toReversed()) {
    if ((await readOrder(runs, run)) === undefined) continue
    const end = await endOf(runs, run)
    if (end === undefined || 'record' in end || end.error.code !== 'LOCKED') return run
    refused ??= run
  }
  return refused
}

/** Undefined: nobody gave it one in this time. */
export async function waitForOrder(
  runs: string,
  run: RunId,
  limitMs: number,
  signal: AbortSignal,
): Promise<Order | undefined> {
  for (const endsAt = performance.now() + limitMs; ; await sleep(waitMs)) {
    const order = await readOrder(runs, run)
    if (order !== undefined || performance.now() > endsAt || signal.aborted) return order
  }
}

/** Gives every line from the one with this number on, as it is written, until the last one or the signal. */
export async function follow(
  runs: string,
  run: RunId,
  from: number,
  signal: AbortSignal,
  tell: (line: Line, number: number) => Promise<void> | void,
  isAlive: () => Promise<boolean>,
): Promise<'ended' | 'died' | 'aborted'> {
  const lines = new GrowingFile(linesFile(runs, run))
  let number = 0
  let askAt = performance.now() + askEveryMs
  try {
    for (;;) {
      // Asked before the last look: what it wrote before it died is seen.
      const dead = performance.now() >= askAt && !(await isAlive())
      for (const text of await lines.more()) {
        const line = parsed(text)
        if (line === undefined) continue
        if (number >= from) await tell(line, number)
        number += 1
        if ('ended' in line) return 'ended'
      }
      if (dead) return 'died'
      if (performance.now() >= askAt) askAt = performance.now() + askEveryMs
      if (signal.aborted) return 'aborted'
      await sleep(lookEveryMs)
    }
  } finally {
    await lines.close()
  }
}

/** Old runs that have ended, or that must have: nobody follows them any more. */
export async function pruneRuns(runs: string, keep = 20): Promise<void> {
  for (const run of (await allRuns(runs)).slice(0, -keep)) {
    const { mtimeMs } = await stat(join(runs, run))
    const over = (await endOf(runs, run)) !== undefined || Date.now() - mtimeMs > longestRunMs
    if (over) await rm(join(runs, run), { recursive: true, force: true })
  }
}

const longestRunMs = 24 * 3_600_000
const lookEveryMs = 40
const waitMs = 20
const askEveryMs = 1500

const orderFile = (runs: string, run: RunId): string => join(runs, run, 'order.json')
const linesFile = (runs: string, run: RunId): string => join(runs, run, 'lines.jsonl')

async function allRuns(runs: string): Promise<RunId[]> {
  try {
    return (await readdir(runs)).filter(isRunId).sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function parsed(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Line) : undefined
  } catch {
    return undefined
  }
}

/** Complete lines of a file that somebody else adds to. */
class GrowingFile {
  readonly #path: string
  #handle: Awaited<ReturnType<typeof open>> | undefined
  #read = 0
  #rest = Buffer.alloc(0)

  constructor(path: string) {
    this.#path = path
  }

  async more(): Promise<string[]> {
    this.#handle ??= await open(this.#path, 'r').catch(() => undefined)
    if (this.#handle === undefined) return []
    for (;;) {
      const { bytesRead, buffer } = await this.#handle.read(Buffer.alloc(64 * 1024), 0, undefined, this.#read)
      if (bytesRead === 0) break
      this.#read += bytesRead
      this.#rest = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)])
    }
    const end = this.#rest.lastIndexOf(0x0a) + 1
    const whole = this.#rest.subarray(0, end).toString('utf8')
    this.#rest = this.#rest.subarray(end)
    return whole.split('\n').filter(line => line !== '')
  }

  async close(): Promise<void> {
    await this.#handle?.close()
  }
}
