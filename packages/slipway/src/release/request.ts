import type { Event } from './events.ts'
import type { DeploymentId, Plan } from './model.ts'

/** What a deployment or rollback is asked to do, by whom, and who listens. */
export interface RunOptions {
  purpose: string
  by: string
  makePlan(): Promise<Plan>
  /** Rebuilds the plan of a deployment whose process died. */
  planOf(id: DeploymentId): Promise<Plan>
  signal: AbortSignal
  listen(event: Event): void
}
