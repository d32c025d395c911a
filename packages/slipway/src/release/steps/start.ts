import { releaseOf, webServices, type Context, type Step } from '../context.ts'
import { proveHoldGoesOn } from '../hold-limit.ts'
import type { Release } from '../model.ts'
import { putAway } from '../put-away.ts'
import { takePath } from '../several/path.ts'
import { startTogether } from '../several/together.ts'
import { bringSiteBack, rememberSite } from '../site-back.ts'
import { stillRuns } from '../warm.ts'

/** Starts the new release beside the old one. No traffic reaches it yet. */
export const start: Step = {
  name: 'start',
  does: context =>
    `Start ${releaseOf(context).id}${context.plan.current === undefined ? '' : ` beside ${context.plan.current.id}`}`,
  skip: stillRuns,
  async apply(context) {
    const { engine, clock } = context.ports
    const release = releaseOf(context)
    const holds = context.holdEndsAt !== undefined
    await takePath(context)
    await startTogether(context)
    const networks = webServices(release).length === 0 ? [] : await engine.doorNetworks(release)
    // Ahead of all that may fail: the way back must not begin before it knows.
    if (networks.length > 0) await rememberSite(context)
    // What was cut off at the limit of a hold goes on here; the front is not to hear of it after the way back.
    if (holds) proveHoldGoesOn(context)
    context.notStartedBefore = clock.monotonic()
    await Promise.all([
      // In a hold the workers come once the web services answer: what they did would be done again if all goes back.
      context.facts.held === undefined ? engine.start(release) : engine.start(release, 'web'),
      openDoor(context, release, networks),
    ])
    return undefined
  },
  undo: {
    does: context => `Remove ${releaseOf(context).id}`,
    async run(context) {
      const release = releaseOf(context)
      // In a hold nobody waits for the front: it comes once they are let go, so that it can not keep them waiting.
      if (context.facts.held === undefined) await bringSiteBack(context)
      // After a switch that is taken back it is still answering what had reached it.
      if (context.facts.returning === true) {
        const open = await putAway(release, context.ports, context.plan.config.drain.limitMs)
        if (open !== undefined) context.note(open)
        return
      }
      // Inside a hold people are waiting, and whatever the new release wrote is taken back anyway.
      await context.ports.engine.remove(release, context.facts.held === undefined ? 'gracefully' : 'at-once')
      if (webServices(release).length > 0) await context.ports.edge.closeDoor(release)
    },
  },
}

/** What it needs is there by then, and it takes less time than the app: so both at once. */
async function openDoor({ plan, ports }: Context, release: Release, networks: string[]): Promise<void> {
  if (networks.length === 0) return
  await Promise.all([ports.edge.ensureFront(release, plan.config), ports.edge.openDoor(release, networks)])
}
