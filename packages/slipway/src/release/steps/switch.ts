import { releaseOf, webServices, type Context, type Step } from '../context.ts'
import { proveNobodyLetGo, withinHoldLimit } from '../hold-limit.ts'
import { sideOf } from '../several/side.ts'
import { readyTogether, switchTogether } from '../several/together.ts'
import { returnedTogether } from '../several/verdict.ts'
import { quietWorkers } from '../workers.ts'
import { endFence } from './hold.ts'

/** The edge to the new release by one atomic rename; workers over. */
export const switchOver: Step = {
  name: 'switch',
  does: context => `Switch to ${releaseOf(context).id}`,
  async agree(context) {
    if (sideOf(context) === undefined) return
    await withinHoldLimit(readyTogether(context), context)
    endLimit(context)
    await switchTogether(context)
  },
  async apply(context) {
    const waited = context.ports.edge.waiting()
    endLimit(context)
    await moveOver(context)
    return context.facts.held === undefined ? undefined : `${waited} requests had waited`
  },
  undo: {
    does: ({ plan, facts }) =>
      facts.returning === true
        ? `Switch back to ${plan.current?.id}`
        : 'Nothing was switched: requests stay where they are',
    async run(context) {
      const { plan, facts, ports } = context
      const { current } = plan
      // Without the decision to return, the link never moved, and letting go of a hold is another step's.
      if (facts.returning !== true) return
      if (current !== undefined && webServices(current).length > 0) await ports.edge.switchTo(current)
      await returnedTogether(context)
      if (current === undefined) return
      // Never two at once.
      await quietWorkers(context, releaseOf(context))
      await ports.engine.wakeWorkers(current)
    },
  },
}

/** From here on requests are answered as fast as the app can: the limit of the hold is over. */
function endLimit(context: Context): void {
  proveNobodyLetGo(context)
  delete context.holdEndsAt
  delete context.heldUntil
}

/** Safe to repeat. */
export async function moveOver(context: Context): Promise<void> {
  const { facts, ports } = context
  const release = releaseOf(context)
  const isAskedFor = webServices(release).length > 0
  const someWait = (facts.held?.services.length ?? 0) > 0
  if (someWait) await ports.edge.letGo(release)
  else if (isAskedFor) await ports.edge.switchTo(release)
  // They were told to come again, as nothing answers here any more: nor must a link lead there.
  if (someWait && !isAskedFor) await ports.edge.closeDoor(release)
  context.letGoAt = context.ports.clock.monotonic()
  await context.learn({ switched: true })
  await endFence(context)
  await workersOver(context)
}

/** The old release's workers end; those of a release that was warm begin, only then. Safe to repeat. */
export async function workersOver(context: Context): Promise<void> {
  const { plan, facts, ports } = context
  if (plan.current !== undefined && facts.quieted === undefined) await quietWorkers(context, plan.current)
  if (plan.warm === true) await ports.engine.wakeWorkers(releaseOf(context))
}
