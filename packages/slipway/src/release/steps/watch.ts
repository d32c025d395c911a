import { SlipwayError } from '../../support/errors.ts'
import { releaseOf, type Context, type Step } from '../context.ts'
import type { Release } from '../model.ts'
import { watchSkipped } from '../planned-steps.ts'
import { reviveNew } from '../revive.ts'
import { sideOf } from '../several/side.ts'
import { unwellElsewhere } from '../several/verdict.ts'
import { servesWell, watchOver, type Evidence } from '../watch.ts'

/** Looks after the new release for a while after the switch. One that does badly goes back, as far as no data is lost. */
export const watch: Step = {
  name: 'watch',
  does: context => `Watch ${releaseOf(context).id} for ${context.plan.config.watch.forMs / 1000} s`,
  skip: ({ plan }) => watchSkipped(plan),
  async apply(context) {
    const { plan, ports } = context
    const release = releaseOf(context)
    const old = oldOf(context)
    let doubt: string | undefined
    const evidence = await watchOver(release, ports, {
      config: plan.config,
      forMs: plan.config.watch.forMs,
      before: await ports.edge.answered?.(old),
      signal: context.signal,
      note: context.note,
      elsewhere: () => unwellElsewhere(context),
      async worthIt(found) {
        if (found.isElsewhere === true) return true
        const isStaying = context.facts.held !== undefined
        if (!isStaying && (await servesWell(old, ports))) return true
        // Docker itself may have died, and come back without some of what ran.
        await reviveNew(context, release).catch(() => undefined)
        // When it could not go back anyway, it does not matter how the old release is.
        if (isStaying) return true
        if (doubt === undefined)
          context.note(`${found.why}; but ${old.id} does no better, so going back would not help`)
        doubt = found.why
        return false
      },
    })
    if (evidence !== undefined && sideOf(context) !== undefined) {
      context.note(evidence.why)
      context.unwell = evidence.why
      return `${release.id} does badly`
    }
    if (evidence !== undefined) return badly(context, release, old, evidence)
    if (doubt !== undefined) await context.learn({ doubt: `${doubt}; ${old.id} did no better` })
    if (context.signal.aborted) return 'ended early'
    if (doubt !== undefined) return undefined
    // For whoever promotes it. A note that can not be kept is no reason to go back.
    await context.learn({ watchedMs: plan.config.watch.forMs }).catch(() => undefined)
    return 'it does well'
  },
}

async function badly(context: Context, release: Release, old: Release, evidence: Evidence): Promise<string> {
  if (context.facts.held !== undefined) {
    const doubt = `${evidence.why}. ${whyItStays(context, release, old)}`
    context.note(doubt)
    for (const line of evidence.output) context.note(line)
    await context.learn({ doubt })
    return `${release.id} does badly and can not go back by itself`
  }
  context.facts.returning = true
  throw new SlipwayError('WATCH_FAILED', `${release.id} did badly after the switch`, {
    why: evidence.why,
    output: evidence.output,
    state: `${old.id} takes over again; all that was written stays`,
    next: 'Mend the cause shown above and deploy again.',
  })
}

/** Exactly what can and can not be done about a release that was switched to inside a hold. */
function whyItStays({ plan, facts }: Context, release: Release, old: Release): string {
  const stays = `${release.id} goes on serving: ${old.id} can not live with the data as it is now`
  if (facts.snapshot === undefined) {
    return `${stays}. To go back: slipway rollback ${plan.environment} (requests wait while the state services change back).`
  }
  return [
    `${stays}, and bringing the data of before back would lose what was written since the switch.`,
    `To go back all the same: slipway rollback ${plan.environment} --data restore --confirm=${plan.app}`,
    `(what was written since is kept in a database of its own, but ${old.id} does not see it). To keep it: deploy a mended release.`,
  ].join(' ')
}

function oldOf({ plan }: Context): Release {
  if (plan.current === undefined) throw new SlipwayError('BUG', 'A watch needs a release to go back to')
  return plan.current
}
