import { SlipwayError } from '../../support/errors.ts'
import type { Step } from '../context.ts'

/** Looks after the new release for a while after the switch. */
export const watch: Step = {
  name: 'watch',
  does: () => 'Watch the new release',
  skip: () => 'not available yet',
  apply() {
    return Promise.reject(new SlipwayError('BUG', 'The watch is not available yet'))
  },
}
