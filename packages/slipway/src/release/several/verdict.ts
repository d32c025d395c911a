import { SlipwayError } from '../../support/errors.ts'
import { releaseOf, type Context } from '../context.ts'
import type { Verdict } from './agreement.ts'
import { allAt, decideVerdict, type DecidingSide, type Reports } from './deciding.ts'
import { atAnyCost, tells } from './following.ts'
import { sideOf } from './side.ts'

/** Before the old release is put away: nobody does badly, and all are where they should be, or dead. */
export async function keepTogether(context: Context): Promise<void> {
  const side = sideOf(context)
  if (side === undefined || context.facts.verdict === 'kept') return
  if (side.role === 'follows') {
    tells(context, { stage: 'watched', ...(context.unwell === undefined ? {} : { why: context.unwell }) })
    const verdict = await atAnyCost(context, side, decisions => decisions.verdict)
    if (verdict === 'returned') return returned(context, 'so the server that decides has decided')
    return context.learn({ verdict })
  }
  if ((await verdictOfAll(context, side)) === 'returned')
    return returned(context, context.unwell ?? 'so it was decided before')
}

/** What follows on the switch: when all have told how the new release does, or nothing more is heard of them. */
export async function verdictOfAll(context: Context, side: DecidingSide): Promise<Verdict> {
  const { facts } = context
  if (facts.verdict === undefined) {
    const unwell = await whoIsUnwell(context, side)
    if (unwell !== undefined) context.unwell = unwell
    if (unwell !== undefined && facts.held === undefined) return decideVerdict(context, side, 'returned')
    if (unwell !== undefined && facts.doubt === undefined)
      await context.learn({ doubt: `${unwell}; it can not go back by itself without losing what was written since` })
  }
  return decideVerdict(context, side, 'kept')
}

/** Why the new release can not stay; or whom nothing is known of, which is no reason to go back. */
async function whoIsUnwell(context: Context, side: DecidingSide): Promise<string | undefined> {
  const canReturn = context.facts.held === undefined
  if (canReturn && context.unwell !== undefined) return context.unwell
  try {
    const isEnough = (reports: Reports): boolean => canReturn && unwellOf(reports) !== undefined
    const reports = await allAt({ ...context, signal: neverAborted }, side, 'watched', isEnough)
    return context.unwell ?? unwellOf(reports)
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    const doubt = `${error.message} (${error.why}). It ends with ${releaseOf(context).id} when it is back`
    context.note(doubt)
    await context.learn({ doubt })
    return context.unwell
  }
}

/** Also while the deciding server watches its own: what is bad elsewhere needs no waiting. */
export async function unwellElsewhere(context: Context): Promise<string | undefined> {
  const side = sideOf(context)
  if (side === undefined) return undefined
  if (side.role === 'decides') {
    const heard = await side.heard(side.key)
    return unwellOf(new Map([...heard].map(([server, { report }]) => [server, report])))
  }
  const decisions = await side.ask(side.key, context.report).catch(() => undefined)
  return decisions?.verdict === 'returned' ? 'all servers go back' : undefined
}

function unwellOf(reports: Reports): string | undefined {
  for (const [server, { stage, why }] of reports)
    if (stage === 'watched' && why !== undefined) return `${server}: ${why}`
  return undefined
}

function returned(context: Context, why: string): never {
  context.facts.returning = true
  throw new SlipwayError('WATCH_FAILED', `${releaseOf(context).id} did badly after the switch`, {
    why,
    state: `${context.plan.current?.id ?? 'nothing'} takes over again on all servers; all that was written stays`,
    next: 'Mend the cause shown above and deploy again.',
  })
}

/**
 * After a switch that is taken back: the path to the database that the new release has is closed when it is behind no
 * edge any more. A server that is silent is not waited for: it has no path to it anyway.
 */
export async function returnedTogether(context: Context): Promise<void> {
  const side = sideOf(context)
  if (side === undefined) return
  if (side.role === 'decides') {
    await allAt({ ...context, signal: neverAborted }, side, 'returned').catch(() => undefined)
    return
  }
  tells(context, { stage: 'returned' })
  await side.ask(side.key, context.report).catch(() => undefined)
}

const neverAborted = new AbortController().signal
