import { releaseOf, webServices, type Step } from '../context.ts'
import { endFence } from './hold.ts'

/** The edge to the new release by one atomic rename; workers over. */
export const switchOver: Step = {
  name: 'switch',
  does: context => `Switch to ${releaseOf(context).id}`,
  async apply(context) {
    const { edge, engine } = context.ports
    const release = releaseOf(context)
    const { current } = context.plan
    const waited = edge.waiting()
    // From here on requests are answered as fast as the app can: the limit of the hold is over.
    delete context.holdEndsAt
    if (webServices(release).length > 0) {
      await (context.facts.held === undefined ? edge.switchTo(release) : edge.letGo(release))
    }
    context.letGoAt = context.ports.clock.monotonic()
    await context.learn({ switched: true })
    await endFence(context)
    if (current !== undefined && context.facts.quieted === undefined) await engine.quietWorkers(current)
    return context.facts.held === undefined ? undefined : `${waited} requests had waited`
  },
}
