import { asSlipwayError } from '../support/errors.ts'
import { releaseOf, type Context } from './context.ts'
import { removeCopy } from './copy-ahead.ts'
import { failureOf } from './failure.ts'
import { reviveNew } from './revive.ts'
import { commit } from './steps/commit.ts'
import { endFence } from './steps/hold.ts'
import { prune } from './steps/prune.ts'
import { moveOver, workersOver } from './steps/switch.ts'

/** Ends a deployment that has switched: from there on the only way is all-new. False when it can not be ended now. */
export async function goForward(context: Context): Promise<boolean> {
  const { clock } = context.ports
  delete context.holdEndsAt
  for (let attempt = 1; ; attempt++) {
    try {
      await reviveNew(context, releaseOf(context))
      // It was decided for all servers, and did not come about here yet.
      if (context.facts.outcome === 'switch' && context.facts.switched !== true) await moveOver(context)
      await endFence(context)
      if (context.plan.warm === true) await workersOver(context)
      await commit.apply(context)
      await prune.apply(context)
      await removeCopy(context)
      return true
    } catch (thrown) {
      const error = asSlipwayError(thrown, 'The old release could not be put away')
      if (attempt < attempts) {
        context.note(`${error.message}; trying again`)
        await clock.sleep(500 * attempt)
        continue
      }
      await context.emit({ type: 'step-failed', step: 'commit', seconds: 0, failure: failureOf(error) })
      return false
    }
  }
}

const attempts = 3
