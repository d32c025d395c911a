import { SlipwayError } from '../../support/errors.ts'
import { releaseOf, webServices, withinHold, type Context, type Step } from '../context.ts'
import { removeCopyMeanwhile } from '../copy-ahead.ts'
import { gate as passGate } from '../gate.ts'
import type { Release } from '../model.ts'
import { answeringTogether } from '../several/together.ts'
import { servesWell } from '../watch.ts'

/** Every web service and worker healthy and stable; a crash loop is noticed at once. */
export const gate: Step = {
  name: 'gate',
  does: context => `Wait until ${releaseOf(context).id} is healthy`,
  async apply(context) {
    const { current } = context.plan
    if (context.plan.warm === true) return stillWell(context)
    const release = releaseOf(context)
    const passed = new AbortController()
    await passGate(release, context.ports, {
      whenWell: () => warmUp(release, context, passed.signal),
      async whenWebAnswers() {
        if (context.facts.held === undefined) return removeCopyMeanwhile(context)
        await answeringTogether(context)
        await context.ports.engine.start(release, 'worker')
      },
      ...(context.notStartedBefore === undefined ? {} : { notStartedBefore: context.notStartedBefore }),
      limitMs: withinHold(context, Number.POSITIVE_INFINITY),
      signal: context.signal,
      note: context.note,
      consequence: current === undefined ? 'nothing serves yet' : `${current.id} goes on serving`,
    }).finally(() => passed.abort())
    return undefined
  },
}

/** Beside the watch, which only takes time. Whether it succeeds matters to nobody. */
function warmUp(release: Release, { ports }: Context, signal: AbortSignal): void {
  for (const name of webServices(release)) ports.edge.warmUp?.(release, name, signal).catch(() => undefined)
}

/** It served for long enough to be trusted: one good answer shows that it still would. */
async function stillWell(context: Context): Promise<string> {
  const release = releaseOf(context)
  if (await servesWell(release, context.ports)) return `${release.id} was kept warm and answers well`
  throw new SlipwayError('GATE_FAILED', `${release.id} was kept warm, but does not answer well`, {
    state: `${context.plan.current?.id} goes on serving`,
    next: `Go back once more: slipway rollback ${context.plan.environment} starts ${release.id} anew.`,
  })
}
