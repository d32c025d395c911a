import { SlipwayError } from '../../support/errors.ts'
import { releaseOf, type Context, type Step } from '../context.ts'
import type { Release } from '../model.ts'
import { notRehearsed } from '../rehearse-plan.ts'
import { proveHoldFits, told, verdictOf } from '../rehearsal.ts'
import { rehearseAndRemember } from '../remember.ts'

/** Runs the migration on a fresh restore of the backup, and the old release against the result. */
export const rehearse: Step = {
  name: 'rehearse',
  does: () => 'Rehearse the migration on a copy of the database',
  skip: context =>
    notRehearsed(context.plan, context.ports) ??
    (context.facts.backup === undefined
      ? 'there is no backup to rehearse on: the migration is run inside a hold'
      : undefined),
  async apply(context) {
    const { facts, ports, plan } = context
    const { rehearsals } = ports
    if (rehearsals === undefined || facts.backup === undefined)
      throw new SlipwayError('BUG', 'Nothing to rehearse with')
    const current = currentOf(context)
    const { config } = plan
    await context.copy
    const order = { release: releaseOf(context), current, config, backup: facts.backup, signal: context.signal }
    const { clock, experience } = ports
    const rehearsed = await rehearseAndRemember({ plan, order, rehearsals, experience, clock, say: context.note })
    if ('failed' in rehearsed) throw rehearsed.failed
    const { rehearsal } = rehearsed
    await context.learn({ rehearsal })
    await removeCopy(context)
    if (verdictOf(rehearsal).kind !== 'incompatible') return told(rehearsal, current.id)
    const expected = proveHoldFits(rehearsal, config.hold.limitMs, plan.database?.bytes)
    return `${told(rehearsal, current.id)} for about ${expected} s`
  },
  undo: { does: () => 'Remove the copy of the database', run: removeCopy },
}

/** Its start takes seconds: so it begins while the code is fetched. A failure shows when the copy is used. */
export async function prepareCopy(context: Context): Promise<void> {
  const { rehearsals } = context.ports
  if (notRehearsed(context.plan, context.ports) !== undefined || rehearsals === undefined) return
  await context.learn({ rehearsing: true })
  context.copy = rehearsals.prepare(currentOf(context))
  context.copy.catch(() => undefined)
}

export async function removeCopy(context: Context): Promise<void> {
  if (context.facts.rehearsing !== true) return
  await context.copy?.catch(() => undefined)
  await context.ports.rehearsals?.remove(currentOf(context))
  await context.learn({ rehearsing: false })
}

function currentOf(context: Context): Release {
  const { current } = context.plan
  if (current === undefined) throw new SlipwayError('BUG', 'A rehearsal needs a release that serves')
  return current
}
