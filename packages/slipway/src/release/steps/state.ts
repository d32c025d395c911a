import { releaseOf, type Step } from '../context.ts'

/** Brings databases, caches and volumes to the release's definitions, and connects them to its networks. */
export const state: Step = {
  name: 'state',
  does: () => 'Bring up and connect databases and other state',
  async apply(context) {
    const release = releaseOf(context)
    if (!(await context.ports.engine.stateMatches(release))) await context.learn({ stateChanged: true })
    const { changed } = await context.ports.engine.ensureState(release)
    return changed.length === 0 ? 'as they were' : changed.join(', ')
  },
  undo: {
    does: context =>
      context.facts.stateChanged === true && context.plan.current !== undefined
        ? `Bring state services back to ${context.plan.current.id}`
        : 'Disconnect state services from the new release',
    async run(context) {
      await context.ports.engine.remove(releaseOf(context), 'at-once')
      const { current } = context.plan
      if (context.facts.stateChanged === true && current !== undefined) await context.ports.engine.ensureState(current)
    },
  },
}
