import { releaseOf, webServices, type Context, type Step } from '../context.ts'
import { putAway } from '../put-away.ts'
import { keepTogether } from '../several/verdict.ts'
import { keepWarm, warmFor } from '../warm.ts'

/** Records the release as current; then keeps the old one warm, or drains and stops it. */
export const commit: Step = {
  name: 'commit',
  does: context =>
    context.plan.current === undefined
      ? `Record ${releaseOf(context).id} as current`
      : `Record ${releaseOf(context).id} as current, and put ${context.plan.current.id} away`,
  agree: keepTogether,
  async apply(context) {
    const { ports, plan } = context
    const release = releaseOf(context)
    // What the record will tell of the database is read meanwhile; without it, the next plan knows less.
    context.stateAtEnd = ports.database?.state().catch(() => undefined)
    await ports.releases.setCurrent(release.id)
    const old = plan.current
    let summary: string | undefined
    if (old !== undefined && old.id !== release.id) {
      if (plan.warm === true || webServices(release).length === 0) await siteOfNow(context)
      if (await keepWarm(context, old))
        return announced(context, `${old.id} stays warm for ${minutes(warmFor(context))}`)
      summary = (await putAway(old, ports, plan.config.drain.limitMs)) ?? `${old.id} drained`
    }
    return announced(context, summary)
  },
}

/**
 * The start of a release makes the front's site its own. One that still ran was not started, and services and names may
 * have become others since; one without web services has none, and nobody is to be led to what is put away.
 */
async function siteOfNow(context: Context): Promise<void> {
  const { edge } = context.ports
  if ((await edge.site()) !== undefined) await edge.ensureFront(releaseOf(context), context.plan.config)
}

async function announced(context: Context, summary: string | undefined): Promise<string | undefined> {
  const release = releaseOf(context)
  await context.ports.hooks
    .run('afterDeploy', {
      SLIPWAY_PROJECT: release.project,
      SLIPWAY_VERSION: release.version,
      SLIPWAY_RELEASE: release.id,
    })
    .catch((error: unknown) => context.note(`the release is live, but a hook failed: ${String(error)}`))
  return summary
}

function minutes(milliseconds: number): string {
  return milliseconds < 60_000 ? `${milliseconds / 1000} s` : `${Math.round(milliseconds / 60_000)} min`
}
