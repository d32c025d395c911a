import { SlipwayError } from '../support/errors.ts'
import type { EnvironmentConfig } from '../config/model.ts'
import type { Ports, WarmNote } from './ports.ts'
import { cool } from './warm.ts'
import { servesWell, watchOver } from './watch.ts'

/**
 * For as long as a release is kept warm: goes on watching the one that serves, goes back when that does badly, and in
 * the end stops the warm one. Ends by itself as soon as somebody else has done something about it.
 */
export async function tend(
  ports: Ports,
  options: TendOptions,
): Promise<'nothing' | 'superseded' | 'went back' | 'cooled'> {
  const note = await ports.warm?.read()
  if (note === undefined) return 'nothing'
  // Once, as the clock on the wall may be set while this runs; and never longer than anybody wanted.
  const endsAt = ports.clock.monotonic() + timeLeft(note, ports.clock.now(), options.config)
  for (;;) {
    if (options.signal.aborted || !(await isStill(note, ports))) return 'superseded'
    const left = endsAt - ports.clock.monotonic()
    // Memory that others need now is worth more than a quick way back.
    if (left <= 0 || (await ports.warm?.tooTight()) !== undefined) break
    const why = await watchFor(Math.min(left, sliceMs), note, ports, options)
    if (why === undefined || !(await isStill(note, ports))) continue
    const telling = told(ports, [why])
    const isBack = await wentBack(note, why, options)
    await telling
    if (isBack) {
      await told(ports, [])
      return 'went back'
    }
    await ports.clock.sleep(lockEveryMs, options.signal)
  }
  return (await coolWhenFree(note, ports, options)) ? 'cooled' : 'superseded'
}

export interface TendOptions {
  config: EnvironmentConfig
  signal: AbortSignal
  /** Rolls back to the warm release; fails when the environment is not as it was. */
  goBack(note: WarmNote, because: string): Promise<boolean>
  /** Ends what a dead process left; under the lock. */
  recover(): Promise<void>
}

/** Going back is more urgent than that somebody hears of it: it neither waits for that nor depends on it. */
async function told(ports: Ports, problems: readonly string[]): Promise<void> {
  const { alerts, releases } = ports
  if (alerts === undefined) return
  await releases
    .current()
    .then(current => alerts.tell(problems, current))
    .catch(() => undefined)
}

/** Between two looks whether all is as it was, and between two tries for the lock. */
const sliceMs = 30_000
const lockEveryMs = 5000
/** Nobody waits for this: it may look less often than the watch in front of a person. */
const paceMs = 1000

function timeLeft(note: WarmNote, now: Date, { warm, watch }: EnvironmentConfig): number {
  return Math.min(Date.parse(note.until) - now.getTime(), Math.max(warm.forMs, watch.forMs))
}

async function isStill(note: WarmNote, ports: Ports): Promise<boolean> {
  const now = await ports.warm?.read()
  return now?.release === note.release && now.until === note.until
}

async function wentBack(note: WarmNote, why: string, options: TendOptions): Promise<boolean> {
  try {
    return await options.goBack(note, why)
  } catch (error) {
    if (error instanceof SlipwayError) return false
    throw error
  }
}

async function watchFor(
  milliseconds: number,
  note: WarmNote,
  ports: Ports,
  { config, signal }: TendOptions,
): Promise<string | undefined> {
  const [current, warm] = await Promise.all([ports.releases.current(), ports.releases.get(note.release)])
  if (config.watch.forMs === 0 || current === undefined || warm === undefined) {
    // The one who looks after the next warm release waits for this to end.
    await ports.clock.sleep(milliseconds, signal)
    return undefined
  }
  const evidence = await watchOver(current, ports, {
    config,
    forMs: milliseconds,
    before: await ports.edge.answered?.(warm),
    signal,
    paceMs,
    worthIt: () => servesWell(warm, ports),
    note: () => undefined,
  })
  return evidence?.why
}

async function coolWhenFree(note: WarmNote, ports: Ports, options: TendOptions): Promise<boolean> {
  while (await isStill(note, ports)) {
    try {
      const lock = await ports.lock.acquire(`stop ${note.release}, which was kept warm`)
      try {
        await options.recover()
        if (!(await isStill(note, ports))) return false
        await cool(ports, options.config.drain.limitMs)
        return true
      } finally {
        await lock.release()
      }
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'LOCKED') throw error
      await ports.clock.sleep(lockEveryMs)
    }
  }
  return false
}
