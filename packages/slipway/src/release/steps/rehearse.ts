import { SlipwayError } from '../../support/errors.ts'
import { releaseOf, type Context, type Step } from '../context.ts'
import type { Release } from '../model.ts'
import { proveHoldFits, told, verdictOf } from '../rehearsal.ts'

/** Runs the migration on a fresh restore of the backup, and the old release against the result. */
export const rehearse: Step = {
  name: 'rehearse',
  does: () => 'Rehearse the migration on a copy of the database',
  skip(context) {
    const { plan, facts, ports } = context
    if (plan.migration.kind !== 'pending') return 'nothing to rehearse'
    if (plan.current === undefined) return 'first deployment: nothing can break'
    if (ports.rehearsals === undefined) return 'the app has no database'
    if (facts.backup === undefined) return 'there is no backup to rehearse on: the migration is run inside a hold'
    if (plan.config.rehearse.mode === 'off') return 'rehearse is off: the migration is run inside a hold'
    return undefined
  },
  async apply(context) {
    const { facts, ports, plan } = context
    const { rehearsals } = ports
    if (rehearsals === undefined || facts.backup === undefined)
      throw new SlipwayError('BUG', 'Nothing to rehearse with')
    const current = currentOf(context)
    await context.learn({ rehearsing: true })
    const rehearsal = await rehearsals.run(
      { release: releaseOf(context), current, config: plan.config, backup: facts.backup, signal: context.signal },
      context.note,
    )
    await context.learn({ rehearsal, rehearsing: false })
    if (verdictOf(rehearsal).kind !== 'incompatible') return told(rehearsal, current.id)
    const expected = proveHoldFits(rehearsal, plan.config.hold.limitMs)
    return `${told(rehearsal, current.id)} for about ${expected} s`
  },
  undo: {
    does: () => 'Remove the copy',
    async run(context) {
      if (context.facts.rehearsing === true) await context.ports.rehearsals?.remove(currentOf(context))
    },
  },
}

function currentOf(context: Context): Release {
  const { current } = context.plan
  if (current === undefined) throw new SlipwayError('BUG', 'A rehearsal needs a release that serves')
  return current
}
