import { asSlipwayError } from '../support/errors.ts'
import type { Context, Step } from './context.ts'
import { failureOf } from './failure.ts'
import { reviveOld } from './revive.ts'

/**
 * Undoes steps in reverse order. False when one can not be undone: then the later ones stay as they are,
 * because letting requests go to a database that was not brought back would lose data.
 */
export async function undo(started: readonly Step[], context: Context): Promise<boolean> {
  delete context.holdEndsAt
  await reviveOld(context).catch(() => undefined)
  for (const step of [...started].reverse()) {
    if (step.undo === undefined) continue
    if (!(await undoStep(step, step.undo, context))) return false
  }
  return true
}

async function undoStep(step: Step, way: NonNullable<Step['undo']>, context: Context): Promise<boolean> {
  const { clock } = context.ports
  const startedAt = clock.monotonic()
  await context.emit({ type: 'undo-started', step: step.name, does: way.does(context) })
  for (let attempt = 1; ; attempt++) {
    try {
      await way.run(context)
      await context.emit({
        type: 'undo-finished',
        step: step.name,
        seconds: Math.round(clock.monotonic() - startedAt) / 1000,
      })
      return true
    } catch (thrown) {
      const error = asSlipwayError(thrown, `Undoing the step ${step.name} failed`)
      if (attempt < attempts) {
        context.note(`${error.message}${error.why === undefined ? '' : `: ${error.why}`}; trying again`)
        await clock.sleep(500 * attempt)
        await reviveOld(context).catch(() => undefined)
        continue
      }
      await context.emit({ type: 'undo-failed', step: step.name, failure: failureOf(error) })
      return false
    }
  }
}

const attempts = 3
