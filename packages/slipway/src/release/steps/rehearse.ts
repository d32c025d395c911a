import { SlipwayError } from '../../support/errors.ts'
import type { Step } from '../context.ts'

/** Runs the migration on a fresh restore of the backup. Until then, a migration that may change anything is held. */
export const rehearse: Step = {
  name: 'rehearse',
  does: () => 'Rehearse the migration on a copy',
  skip: context =>
    context.plan.migration.kind === 'pending'
      ? 'not available yet: the migration runs inside a hold'
      : 'nothing to rehearse',
  apply() {
    return Promise.reject(new SlipwayError('BUG', 'The rehearsal is not available yet'))
  },
}
