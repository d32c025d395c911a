import { asSlipwayError, SlipwayError } from '../../support/errors.ts'
import { hasSwitched, releaseOf, type Context } from '../context.ts'
import { reviveNew } from '../revive.ts'
import { moveOver } from '../steps/switch.ts'
import type { Following, Verdict } from './agreement.ts'
import { decideOutcome, type DecidingSide } from './deciding.ts'
import { atAnyCost, tells } from './following.ts'
import { sideOf } from './side.ts'
import { verdictOfAll } from './verdict.ts'

/**
 * Where a deployment that failed or was cut off goes: all-new or all-old. With one server its link tells. With several
 * the journal of the one that decides does: what is not decided there when it asks itself is decided to go back. That a
 * switch is taken back is on the disk when this returns.
 */
export async function settle(context: Context, options: SettleOptions = {}): Promise<'new' | 'old'> {
  const towards = await direction(context, options)
  // Should it fail, nothing is done: the journal may hold it all the same, and whoever takes up goes by what it holds.
  if (context.facts.returning === true) await context.learn({ returning: true })
  return towards
}

async function direction(context: Context, options: SettleOptions): Promise<'new' | 'old'> {
  const side = sideOf(context)
  if (side === undefined) return alone(context)
  if (context.facts.returning === true) return 'old'
  return side.role === 'decides' ? settleDeciding(context, side, options) : settleFollowing(context, side, options)
}

export interface SettleOptions {
  why?: string
  /** For how long it may be asked; absent: until there is an answer. */
  limitMs?: number
}

async function alone(context: Context): Promise<'new' | 'old'> {
  if (context.facts.agreement === undefined) return (await hasSwitched(context)) ? 'new' : 'old'
  throw new SlipwayError(
    'NEEDS_PERSON',
    'A deployment of several servers was cut off, and they are not known any more',
    {
      why: 'the configuration names other servers than it did then',
      state: 'it stays as it is',
      next: 'Name the servers as before until it is ended.',
    },
  )
}

async function settleDeciding(context: Context, side: DecidingSide, { why }: SettleOptions): Promise<'new' | 'old'> {
  if ((await decideOutcome(context, side, 'back', why)) === 'back') return 'old'
  const failure = await movedOver(context)
  if (failure !== undefined) context.unwell = failure
  return after(context, await verdictOfAll(context, side))
}

async function settleFollowing(
  context: Context,
  side: Following,
  { why, limitMs = Number.POSITIVE_INFINITY }: SettleOptions,
): Promise<'new' | 'old'> {
  const { facts } = context
  if (facts.prepared !== true) {
    tells(context, { stage: 'failed', ...(why === undefined ? {} : { why }) })
    await side.ask(side.key, context.report).catch(() => undefined)
    return 'old'
  }
  if (facts.outcome !== 'back') {
    const answer = await atAnyCost(context, side, given => (given.outcome === undefined ? undefined : given), {
      limitMs,
    })
    Object.assign(facts, { outcome: answer.outcome }, answer.verdict === undefined ? {} : { verdict: answer.verdict })
  }
  if (facts.outcome === 'back') return 'old'
  if (facts.verdict !== 'returned') {
    const failure = await movedOver(context)
    // Said in any case: the others wait for it. What can not be switched here is switched back there.
    tells(context, { stage: 'watched', ...(failure === undefined ? {} : { why: failure }) })
  }
  return after(context, facts.verdict ?? (await atAnyCost(context, side, ({ verdict }) => verdict, { limitMs })))
}

/** Undefined, or why it is not behind the edge. */
async function movedOver(context: Context): Promise<string | undefined> {
  if (context.facts.switched === true) return undefined
  try {
    await reviveNew(context, releaseOf(context))
    await moveOver(context)
    return undefined
  } catch (error) {
    return `it could not be switched to: ${asSlipwayError(error, 'the switch failed').message}`
  }
}

async function after(context: Context, verdict: Verdict): Promise<'new' | 'old'> {
  context.facts.verdict = verdict
  if (verdict === 'kept') return 'new'
  context.facts.returning = true
  return 'old'
}
