import { SlipwayError } from '../../support/errors.ts'
import { releaseOf, type Step } from '../context.ts'
import { currentOf, removeCopy, removeCopyMeanwhile } from '../copy-ahead.ts'
import { removeReady, withReadyAhead } from '../ready-ahead.ts'
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
    // Should it have failed, the rehearsal makes it, and says why it can not.
    await context.staged?.catch(() => undefined)
    const ahead = context.filled === undefined ? {} : { filled: context.filled }
    const order = {
      release: releaseOf(context),
      current,
      config,
      backup: facts.backup,
      ...ahead,
      signal: context.signal,
    }
    const { clock, experience } = ports
    const rehearsed = await withReadyAhead(context, meanwhile =>
      rehearseAndRemember({
        plan,
        order: { ...order, meanwhile },
        rehearsals,
        experience,
        clock,
        say: context.note,
      }),
    )
    if ('failed' in rehearsed) throw rehearsed.failed
    const { rehearsal } = rehearsed
    await context.learn({ rehearsal })
    // Beside the gate, when nobody has anything to do; or now, as nobody must wait for it in a hold.
    if (verdictOf(rehearsal).kind !== 'incompatible') return told(rehearsal, current.id)
    removeCopyMeanwhile(context)
    const expected = proveHoldFits(rehearsal, config.hold.limitMs, plan.database?.bytes)
    return `${told(rehearsal, current.id)} for about ${expected} s`
  },
  undo: {
    does: () => 'Remove the copy of the database',
    async run(context) {
      await removeReady(context)
      await removeCopy(context)
    },
  },
}
