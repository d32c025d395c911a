import { SlipwayError } from '../../support/errors.ts'
import { awaitsDatabase, label, releaseOf, webServices, type Context, type Step } from '../context.ts'
import { removeCopy } from '../copy-ahead.ts'
import { drainForHold } from '../hold-drain.ts'
import { proveHoldGoesOn, withinHoldLimit } from '../hold-limit.ts'
import { answersWell } from '../judge.ts'
import type { Release } from '../model.ts'
import { verdictOf } from '../rehearsal.ts'
import { heldTogether, holdTogether, quietTogether, restoredTogether } from '../several/together.ts'
import { bringSiteBack } from '../site-back.ts'
import { quietWorkers } from '../workers.ts'

/** Requests wait, workers are quiet, nobody but the new release reaches the database, and a snapshot is taken. */
export const hold: Step = {
  name: 'hold',
  does: context =>
    `Quiet workers, hold requests (at most ${context.plan.config.hold.limitMs / 1000} s), take a snapshot`,
  async skip(context) {
    const why = await whyNot(context)
    return (await holdTogether(context, why === undefined)) ? undefined : (why ?? 'no server holds')
  },
  async apply(context) {
    const { plan, ports } = context
    const current = currentOf(context)
    const release = releaseOf(context)
    const database = awaitsDatabase(plan) ? undefined : ports.database
    // Removing it would take time from those who wait.
    await removeCopy(context)
    const networks = database === undefined ? [] : await ports.engine.databaseNetworks(release)
    // Nobody waits yet: what can be got ready is, and workers may take longer to end than people may wait.
    await database?.prepareFence(networks)
    await quiet(context, current)
    await quietTogether(context)
    const services = webServices(current)
    await context.learn({ held: { services } })
    context.heldAt = ports.clock.monotonic()
    context.holdEndsAt = context.heldAt + plan.config.hold.limitMs
    context.heldUntil = context.holdEndsAt
    if (services.length > 0) await ports.edge.hold([...new Set([...services, ...webServices(release)])])
    if (services.length > 0) await withinHoldLimit(drainForHold(context, current), context)
    await withinHoldLimit(heldTogether(context), context)
    if (database === undefined) return 'requests wait'
    await context.learn({ fenced: true })
    // Not cut off at the limit: a fence that came up after it was lifted would stay. It has short limits of its own.
    await database.fence(networks)
    proveHoldGoesOn(context)
    if (!mayChange(context)) return 'requests wait, the database is fenced'
    const name = await withinHoldLimit(database.snapshot(label(context)), context)
    await context.learn({ snapshot: { database: name, of: database.name } })
    return `requests wait, the database is fenced, snapshot ${name}`
  },
  undo: {
    does: context => `Let go: requests go on to ${context.plan.current?.id}`,
    async run(context) {
      const current = currentOf(context)
      if (context.facts.held !== undefined) {
        await endFence(context)
        await restoredTogether(context)
        await healthyAgain(context, current)
        if (webServices(current).length > 0) await context.ports.edge.letGo(current)
        context.letGoAt ??= context.ports.clock.monotonic()
        delete context.heldUntil
      }
      if (context.facts.quieted !== undefined) await context.ports.engine.wakeWorkers(current)
      await bringSiteBack(context)
      await dropCopies(context)
      await removeNetworks(context)
    },
  },
}

async function whyNot(context: Context): Promise<string | undefined> {
  const { plan, ports } = context
  if (plan.current === undefined) return 'first deployment: nothing serves yet'
  if (plan.data.kind === 'restore' || mayBreak(context)) return undefined
  // A release that is still running since the switch lives with the state services as they are.
  if (plan.warm !== true && !(await ports.engine.stateMatches(releaseOf(context)))) return undefined
  return plan.migration.kind === 'pending' ? `${plan.current.id} lives with the new schema` : plan.migration.why
}

/** The fence needs the networks of the new release, long before anything runs on them. */
async function removeNetworks(context: Context): Promise<void> {
  const { engine } = context.ports
  const release = releaseOf(context)
  if ((await engine.containers(release)).length === 0) await engine.remove(release, 'at-once')
}

/** Whether the old release may not live with what the migration does: unless a rehearsal has shown that it does. */
function mayBreak({ plan, facts }: Context): boolean {
  if (plan.migration.kind !== 'pending') return false
  return facts.rehearsal === undefined || verdictOf(facts.rehearsal).kind === 'incompatible'
}

function mayChange({ plan, facts }: Context): boolean {
  return plan.migration.kind === 'pending' && facts.rehearsal?.changed !== false
}

/** A snapshot or older data that was not needed, or the half-migrated database whose place it took: nobody's writes are in them. */
async function dropCopies(context: Context): Promise<void> {
  const { snapshot, leftBehind, discarded, fenced, replacement } = context.facts
  const { database } = context.ports
  if (database === undefined || fenced !== true) return
  if (discarded !== undefined) {
    // A backup can be restored again; there is no other one of a snapshot, and all writes up to its switch are in it.
    if (replacement?.from.kind === 'snapshot') return database.putBack(discarded, replacement.database)
    return database.drop(discarded)
  }
  if (snapshot !== undefined) return database.drop(leftBehind ?? snapshot.database)
  // Cut off while it copied: its name was not learnt, but the label is this deployment's own.
  const unnamed = (await database.leftBehind()).filter(name => name.includes(`__before_${label(context)}`))
  for (const name of unnamed) await database.drop(name)
}

/** The fence ends before requests are let go to a release that stands outside it. */
export async function endFence(context: Context): Promise<void> {
  if (context.facts.fenced === true) await context.ports.database?.liftFence()
}

function currentOf(context: Context): Release {
  const { current } = context.plan
  if (current === undefined) throw new SlipwayError('BUG', 'A hold needs a release that serves')
  return current
}

async function quiet(context: Context, current: Release): Promise<void> {
  const workers = current.services.filter(service => service.role === 'worker').map(service => service.name)
  if (workers.length === 0) return
  await context.learn({ quieted: workers })
  await quietWorkers(context, current)
}

/** The fence cut the old release's sessions: give its pools a moment before the waiting requests reach it. */
async function healthyAgain(context: Context, current: Release): Promise<void> {
  const { clock, edge } = context.ports
  const endsAt = clock.monotonic() + 10_000
  for (const service of current.services) {
    const { path, timeoutMs } = service.health
    if (service.role !== 'web' || path === undefined) continue
    while (!answersWell(await edge.probe(current, service.name, path, timeoutMs))) {
      if (clock.monotonic() >= endsAt) return context.note(`${service.name} of ${current.id} does not answer well yet`)
      await clock.sleep(50)
    }
  }
}
