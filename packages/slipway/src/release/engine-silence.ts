import { webServices, type Context } from './context.ts'

/**
 * Looks, for as long as a deployment or its recovery runs, whether the engine answers. When it does not, that is said,
 * since whoever waits wants to know for what; and a hold that has reached its limit ends, for which no engine is needed.
 */
export function watchEngine(context: Context, pace: Pace = usualPace): { stop(): void } {
  const { engine } = context.ports
  if (engine.answers === undefined) return { stop() {} }
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let silentSince: Date | undefined
  const look = async (): Promise<void> => {
    const askedAt = context.ports.clock.now()
    const answers = (await engine.answers?.().catch(() => false)) ?? true
    if (stopped) return
    if (!answers && silentSince === undefined) context.note(`Docker does not answer since ${timeOf(askedAt)}: waiting`)
    if (answers && silentSince !== undefined) context.note('Docker answers again')
    // Once may be a busy machine; and as long as it answers, the way back may take its time.
    if (!answers && silentSince !== undefined && isOverdue(context)) await letGoAnyway(context)
    silentSince = answers ? undefined : (silentSince ?? askedAt)
  }
  const next = (): void => {
    if (stopped) return
    const pauseMs = silentSince === undefined ? Math.min(pace.usualMs, untilOverdue(context)) : 0
    timer = setTimeout(
      () =>
        void look()
          .catch(() => undefined)
          .then(next),
      Math.max(pauseMs, pace.hurryMs),
    )
  }
  next()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

export interface Pace {
  usualMs: number
  /** While it does not answer, and when a hold comes to its limit. */
  hurryMs: number
}

const usualPace: Pace = { usualMs: 10_000, hurryMs: 1000 }

function untilOverdue({ heldUntil, ports }: Context): number {
  return heldUntil === undefined ? Number.POSITIVE_INFINITY : heldUntil - ports.clock.monotonic()
}

function isOverdue(context: Context): boolean {
  return untilOverdue(context) < 0
}

/**
 * The way back needs the engine, and nobody knows when it comes back. Those who wait go to the old release, and so does
 * everybody after them. Where the database is fenced it stays so until the way back is gone: the old release can not
 * write to data that is going to be taken back, and its answers are errors until then.
 */
async function letGoAnyway(context: Context): Promise<void> {
  const { current } = context.plan
  const { edge, clock } = context.ports
  if (current === undefined || webServices(current).length === 0) return
  // First of all, so that no switch follows.
  delete context.heldUntil
  context.hasGivenUp = true
  if ((await edge.live()) !== 'held') return
  await edge.letGo(current)
  context.letGoAt = clock.monotonic()
  const fenced = context.facts.fenced === true ? '; the database stays fenced until Docker answers' : ''
  context.note(`the hold is over its limit: requests go to ${current.id} again${fenced}`)
}

function timeOf(time: Date): string {
  return time.toTimeString().slice(0, 8)
}
