import { releaseOf, withinHold, type Step } from '../context.ts'
import { gate as passGate } from '../gate.ts'

/** Every web service and worker healthy and stable; a crash loop is noticed at once. */
export const gate: Step = {
  name: 'gate',
  does: context => `Wait until ${releaseOf(context).id} is healthy`,
  async apply(context) {
    const { current } = context.plan
    await passGate(releaseOf(context), context.ports, {
      limitMs: withinHold(context, Number.POSITIVE_INFINITY),
      signal: context.signal,
      note: context.note,
      consequence: current === undefined ? 'nothing serves yet' : `${current.id} goes on serving`,
    })
    return undefined
  },
}
