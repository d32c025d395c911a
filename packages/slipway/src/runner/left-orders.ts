import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { removeHalfWritten } from '../support/files.ts'
import type { RunId } from './names.ts'
import { allRuns, begin, forgetSecrets, orderFile, readOrder } from './runs.ts'

/**
 * Orders hold secrets in clear until their runner has read them, and a runner may be gone. Both sides claim an order in
 * the same way, so that it is either begun or taken back: a runner that comes late begins nothing.
 */
export async function takeBack(runs: string, run: RunId): Promise<void> {
  const order = await readOrder(runs, run)
  if (order === undefined) return
  if (await begin(runs, run)) await rm(orderFile(runs, run), { force: true })
  else await forgetSecrets(runs, run, order)
}

/** What nobody took although its runner would have at once, and half orders of sessions that were killed. */
export async function removeLeftOrders(runs: string, now = new Date()): Promise<void> {
  for (const run of await allRuns(runs)) {
    await removeHalfWritten(join(runs, run), now)
    const written = await stat(orderFile(runs, run)).catch(() => undefined)
    if (written !== undefined && now.getTime() - written.mtimeMs > untakenMs) await takeBack(runs, run)
  }
}

/** Longer than a server takes to start again, with the runner on it. */
const untakenMs = 10 * 60_000
