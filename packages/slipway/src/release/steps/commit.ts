import { releaseOf, webServices, type Context, type Step } from '../context.ts'
import { drained } from '../drain.ts'
import type { Release } from '../model.ts'
import { keepWarm } from '../warm.ts'

/** Records the release as current; then keeps the old one warm, or drains and stops it. */
export const commit: Step = {
  name: 'commit',
  does: context =>
    context.plan.current === undefined
      ? `Record ${releaseOf(context).id} as current`
      : `Record ${releaseOf(context).id} as current, and put ${context.plan.current.id} away`,
  async apply(context) {
    const { ports, plan } = context
    const release = releaseOf(context)
    await ports.releases.setCurrent(release.id)
    const old = plan.current
    let summary: string | undefined
    if (old !== undefined && old.id !== release.id) {
      if (await keepWarm(context, old))
        return announced(context, `${old.id} stays warm for ${minutes(plan.config.warm.forMs)}`)
      summary = await drain(context, old)
      if (webServices(old).length > 0) await ports.edge.closeDoor(old)
      await ports.engine.remove(old, 'gracefully')
    }
    return announced(context, summary)
  },
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

async function drain(context: Context, old: Release): Promise<string | undefined> {
  if (webServices(old).length === 0) return undefined
  const open = await drained(old, context.ports, context.plan.config.drain.limitMs)
  return open === 0 ? `${old.id} drained` : `${open} streams of ${old.id} closed at the drain limit`
}
