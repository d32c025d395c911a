import type { Context } from './context.ts'
import type { Release } from './model.ts'

/** Stops a release's workers, and says which of them did not listen: what those were doing may be done again. */
export async function quietWorkers(context: Context, release: Release): Promise<void> {
  for (const worker of await context.ports.engine.quietWorkers(release)) {
    context.note(
      `${worker} went on for longer than its grace period and was killed in the middle of its work: stop_signal and stop_grace_period of the Compose file say how it is told and how long it gets`,
    )
  }
}
