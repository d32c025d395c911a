import type { Context } from './context.ts'

/** Before the app's site is changed: whoever goes back, also after a kill, knows what it was. */
export async function rememberSite(context: Context): Promise<void> {
  const { facts, plan, ports } = context
  // What it was before the deployment, not before one of its steps.
  if (facts.site !== undefined) return
  const before = await ports.edge.site()
  // The front is nothing to this app, and may be somebody else's.
  if (before === undefined && plan.config.edge.mode === 'none') return
  await context.learn({ site: before === undefined ? {} : { before } })
}

/** The old release is reached where it was reached before. Safe to repeat. */
export async function bringSiteBack({ facts, ports }: Context): Promise<void> {
  // One that already serves what was asked for is to be reached as today's configuration says.
  if (facts.site === undefined || facts.unchanged === true) return
  await ports.edge.bringBackSite(facts.site.before)
}
