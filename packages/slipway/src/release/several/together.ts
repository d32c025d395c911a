import { SlipwayError } from '../../support/errors.ts'
import { releaseOf, type Context } from '../context.ts'
import type { DeploymentId, Release, ReleaseId } from '../model.ts'
import { allAt, decideOutcome } from './deciding.ts'
import { atAnyCost, keepTelling, tells, untilDecided } from './following.ts'
import { sideOf } from './side.ts'

/**
 * The places at which the servers of an environment wait for each other, in the order of the steps. With one server
 * none of them does anything.
 */
export async function beginTogether(context: Context, id: DeploymentId): Promise<{ stop(): void }> {
  const { agreement, releases } = context.ports
  if (agreement === undefined) return { stop() {} }
  if (agreement.role === 'decides') {
    await context.learn({ agreement: { role: 'decides', key: `${id}@${context.startedAt.toISOString()}` } })
    return { stop() {} }
  }
  await context.learn({ agreement: { role: 'follows', key: agreement.key } })
  tells(context, { stage: 'begun', next: await releases.nextId() })
  return keepTelling(context, agreement)
}

/** A release has one name on all servers: by it the database knows which of them belong to it. */
export async function releaseIdTogether(context: Context): Promise<ReleaseId> {
  const side = sideOf(context)
  if (side === undefined) return context.ports.releases.nextId()
  if (side.role === 'follows') return untilDecided(context, side, decisions => decisions.release)
  const begun = await allAt(context, side, 'begun')
  const free = [await context.ports.releases.nextId(), ...[...begun.values()].map(report => report.next ?? 'r1')]
  const assigned: ReleaseId = `r${Math.max(...free.map(id => Number(id.slice(1))))}`
  await context.learn({ assigned })
  return assigned
}

/** Nothing is to be done only when nothing is to be done anywhere. */
export async function sameTogether(context: Context, same: boolean): Promise<boolean> {
  const side = sideOf(context)
  if (side === undefined) return same
  if (side.role === 'follows') {
    tells(context, { stage: 'fetched', same, fingerprint: sharedOf(releaseOf(context)) })
    return same && (await untilDecided(context, side, decisions => decisions.everywhere)) === 'same'
  }
  const isSame = same && [...(await allAt(context, side, 'fetched')).values()].every(report => report.same === true)
  await context.learn({ everywhere: isSame ? 'same' : 'differs' })
  return isSame
}

/**
 * Whether requests have to wait: if on one server, then on all that serve something. Here it shows, too, whether all have
 * the same release.
 */
export async function holdTogether(context: Context, wanted: boolean): Promise<boolean> {
  const side = sideOf(context)
  if (side === undefined) return wanted
  const fingerprint = sharedOf(releaseOf(context))
  const isFirst = context.plan.current === undefined
  if (side.role === 'follows') {
    tells(context, { stage: 'poised', fingerprint, wantsHold: wanted })
    const holds = await untilDecided(context, side, decisions => decisions.holds)
    if (!holds || !isFirst) return holds
    // Where nothing serves nobody waits. But what starts here may be taken back with all the rest.
    await context.learn({ held: { services: [] } })
    tells(context, { stage: 'held' })
    return false
  }
  const poised = await allAt(context, side, 'poised')
  for (const [server, report] of poised) {
    if (report.fingerprint !== fingerprint) throw otherRelease(context, server)
  }
  const holds = !isFirst && (wanted || [...poised.values()].some(report => report.wantsHold === true))
  await context.learn({ holds })
  return holds
}

/** Workers may take longer to end than people may wait: requests begin to wait when they are quiet everywhere. */
export async function quietTogether(context: Context): Promise<void> {
  const side = sideOf(context)
  if (side === undefined) return
  if (side.role === 'decides') return void (await allAt(context, side, 'quiet'))
  tells(context, { stage: 'quiet' })
  await untilDecided(context, side, decisions => decisions.holdNow)
}

/** The fence and the snapshot come when nobody is let through any more, on no server. */
export async function heldTogether(context: Context): Promise<void> {
  const side = sideOf(context)
  if (side?.role === 'decides') await allAt(context, side, 'held')
  if (side?.role === 'follows') tells(context, { stage: 'held' })
}

/** New code starts when the database is ready for it. */
export async function startTogether(context: Context): Promise<void> {
  const side = sideOf(context)
  if (side?.role === 'decides') await context.learn({ mayStart: true })
  if (side?.role === 'follows') await untilDecided(context, side, decisions => decisions.mayStart)
}

/**
 * In a hold, before any worker of the new release begins: if all goes back, the snapshot forgets what workers wrote, but
 * not the mail they sent.
 */
export async function answeringTogether(context: Context): Promise<void> {
  const side = sideOf(context)
  if (side === undefined) return
  if (side.role === 'decides') {
    await allAt(context, side, 'answers')
    await context.learn({ workersMay: true })
    return
  }
  tells(context, { stage: 'answers' })
  await untilDecided(context, side, decisions => decisions.workersMay)
}

/** All gates are open. The limit of a hold counts until here. */
export async function readyTogether(context: Context): Promise<void> {
  const side = sideOf(context)
  if (side?.role === 'decides') await allAt(context, side, 'ready')
}

/**
 * The decision. Whoever has said that it is ready does not go back by itself any more, nor lets those go who wait: it is
 * on disk before it is told, and then it waits for as long as it takes.
 */
export async function switchTogether(context: Context): Promise<void> {
  const side = sideOf(context)
  if (side === undefined) return
  if (side.role === 'decides') {
    if ((await decideOutcome(context, side, 'switch')) === 'back') throw decidedElsewise()
    return
  }
  await context.learn({ prepared: true })
  tells(context, { stage: 'ready' })
  const { outcome, why } = await atAnyCost(context, side, ({ outcome: first, why: because }) =>
    first === undefined ? undefined : { outcome: first, why: because },
  )
  context.facts.outcome = outcome
  // Only for a recovery at a time when the other server can not be asked; that one remembers it as well.
  await context.learn({ outcome }).catch(() => undefined)
  if (outcome === 'back') throw decidedElsewise(why)
}

/**
 * On the way back, before requests go on. The deciding server says so when the database is as it was. Another one waits
 * for that within the limit of its hold, and beyond it for as long as it gets answers and somebody is at work on it. Then
 * it lets go: the fence stays up until all is restored, so whoever is too early meets errors, and writes nothing that
 * would be lost.
 */
export async function restoredTogether(context: Context): Promise<void> {
  const side = sideOf(context)
  if (side === undefined || context.facts.held === undefined) return
  if (side.role === 'decides') {
    if (context.facts.restored !== true) await context.learn({ restored: true })
    return
  }
  const { clock } = context.ports
  const silentMs = (context.heldUntil ?? clock.monotonic() + context.plan.config.hold.limitMs) - clock.monotonic()
  const limits = { silentMs, limitMs: silentMs + wayBackMs }
  const isRestored = await atAnyCost(
    context,
    side,
    ({ restored, stuck }) => restored ?? (stuck === true ? false : undefined),
    limits,
  ).catch(() => false)
  if (!isRestored) context.note('nobody says whether the database is as it was: requests go on all the same')
}

/** A large snapshot takes its place by one rename, but whoever renames may have to wait and try again. */
const wayBackMs = 15 * 60_000

/** Each server's own part differs from the others'. */
function sharedOf({ shared, fingerprint }: Release): string {
  return shared ?? fingerprint
}

function otherRelease(context: Context, server: string): SlipwayError {
  return new SlipwayError('ELSEWHERE_FAILED', `The server ${server} has another release than the others`, {
    why: 'code, configuration or images there are not the same',
    state: `${context.plan.current?.id ?? 'nothing'} goes on serving on all servers`,
    next: 'Deploy again: all servers get what is here.',
  })
}

function decidedElsewise(why?: string): SlipwayError {
  return new SlipwayError('ELSEWHERE_FAILED', 'All servers go back', {
    ...(why === undefined ? {} : { why }),
    next: 'Mend the cause and deploy again.',
  })
}
