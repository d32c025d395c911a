import { setTimeout as sleep } from 'node:timers/promises'
import type { Warm, WarmNote } from '../../release/ports.ts'
import type { Layout } from '../../store/layout.ts'
import { fileLock, lockHolder } from '../../store/lock.ts'
import { SlipwayError } from '../../support/errors.ts'

/**
 * One process at a time looks after an environment's warm release. A lock tells whether any does: the kernel frees it
 * however that process ends, also with the machine.
 */
export async function isTended(layout: Layout): Promise<boolean> {
  return (await lockHolder(layout.tending)) !== undefined
}

/**
 * How one command has the warm release looked after. `begin` is for a release that was just put there: who looks after
 * the one before gives way to it soon. `ensure` starts one where none is, and waits until it is there, so that what is
 * said of it next is true; one that this command has begun is on its way, and is not started twice.
 */
export function tending(layout: Layout, start: () => unknown): Tending {
  let begun = false
  const begin = (): void => {
    begun = true
    void start()
  }
  const ensure = async (): Promise<void> => {
    if (await isTended(layout)) return
    if (!begun) begin()
    const endsAt = performance.now() + startsWithinMs
    while (performance.now() < endsAt && !(await isTended(layout))) await sleep(50)
  }
  return { begin, ensure }
}

export interface Tending {
  begin(): void
  ensure(): Promise<void>
}

/** Undefined: another one does it and goes on doing it. One whose release is not the warm one any more gives way soon. */
export async function takeTending(
  layout: Layout,
  patienceMs = givesWayWithinMs,
): Promise<{ release(): Promise<void> } | undefined> {
  const endsAt = performance.now() + patienceMs
  for (;;) {
    try {
      return await fileLock(layout.tending).acquire('look after the warm release')
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'LOCKED') throw error
      if (performance.now() > endsAt) return undefined
    }
    await sleep(200)
  }
}

/** Aborts as soon as another release, or none, is kept warm. */
export function untilReplaced(note: WarmNote | undefined, warm: Pick<Warm, 'read'>, paceMs = 1000): Replaced {
  const replaced = new AbortController()
  const look = async (): Promise<void> => {
    const now = await warm.read()
    if (now?.release !== note?.release || now?.until !== note?.until) replaced.abort()
  }
  const timer = setInterval(() => void look().catch(() => undefined), paceMs).unref()
  return { signal: replaced.signal, stop: () => clearInterval(timer) }
}

export interface Replaced {
  signal: AbortSignal
  stop(): void
}

/** A runner that is started for it needs the longest. */
const startsWithinMs = 8000
/** It may be on its way back to the warm release. */
const givesWayWithinMs = 60_000
