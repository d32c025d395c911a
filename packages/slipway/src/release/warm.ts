import { releaseOf, webServices, type Context } from './context.ts'
import type { Release, ReleaseId } from './model.ts'
import type { Ports } from './ports.ts'
import { putAway } from './put-away.ts'
import { quietWorkers } from './workers.ts'

/** Leaves the old release running, idle and without workers, so that the way back is a rename. False: it can not stay. */
export async function keepWarm(context: Context, old: Release): Promise<boolean> {
  const { warm } = context.ports
  if (warm === undefined) return false
  const why = await whyNot(context, old)
  if (why !== undefined) {
    await warm.clear()
    if (why !== '') context.note(`${old.id} is not kept warm: ${why}`)
    return false
  }
  await quietWorkers(context, old)
  const until = new Date(context.ports.clock.now().getTime() + warmFor(context))
  await warm.write({ release: old.id, until: until.toISOString() })
  return true
}

/** An empty text: for a reason that nobody needs to be told. */
async function whyNot(context: Context, old: Release): Promise<string | undefined> {
  const { plan, facts, ports } = context
  // Going back to it would be a matter of all servers, and of their agreement.
  if (ports.agreement !== undefined) return ''
  if (warmFor(context) === 0 || plan.kind === 'rollback' || webServices(old).length === 0) return ''
  // Behind the edge nothing would take its place: it would go on answering as if it served.
  if (webServices(releaseOf(context)).length === 0) return ''
  if (facts.held !== undefined) return 'it can not live with the data as it is now'
  return ports.warm?.tooTight()
}

export function warmFor({ plan, watchLeftMs }: Context): number {
  return Math.max(plan.config.warm.forMs, watchLeftMs ?? 0)
}

/** The warm release gives way to the next deployment. */
export async function coolBefore(context: Context): Promise<void> {
  if (context.plan.warm === true) return
  const cooled = await cool(context.ports, context.plan.config.drain.limitMs, context.note)
  if (cooled !== undefined) context.note(`${cooled} is no longer kept warm`)
}

/** Stops and removes the warm release. Under the lock, with nothing unfinished; safe to repeat. */
export async function cool(
  ports: Ports,
  drainLimitMs: number,
  say: (text: string) => void = () => undefined,
): Promise<ReleaseId | undefined> {
  const note = await ports.warm?.read()
  if (note === undefined) return undefined
  const [release, current] = await Promise.all([ports.releases.get(note.release), ports.releases.current()])
  // The note is older than what happened since: whoever serves is not to be stopped.
  const serves = note.release === current?.id || (await ports.edge.live()) === note.release
  if (release !== undefined && !serves) {
    const open = await putAway(release, ports, drainLimitMs)
    if (open !== undefined) say(open)
  }
  await ports.warm?.clear()
  return serves ? undefined : note.release
}

/** For the steps that have nothing to do when the target of a rollback still runs. */
export function stillRuns(context: Context): string | undefined {
  return context.plan.warm === true ? `${releaseOf(context).id} still runs` : undefined
}
