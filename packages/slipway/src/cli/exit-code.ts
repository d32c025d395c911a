import type { DeploymentRecord, Plan } from '../release/model.ts'
import { errorCatalogue, exitCodes, type ErrorCode } from '../support/errors.ts'

/**
 * The exit code of a deployment that came to an end, whichever.
 * After Ctrl-C a program that was under way may have failed of it, in its own words: to the person it was Ctrl-C all the same.
 */
export function exitCodeOfDeployment(
  record: Pick<DeploymentRecord, 'outcome' | 'failure' | 'doubt'>,
  interrupted = false,
): number {
  if (interrupted && (record.outcome === 'failed' || record.outcome === 'rolled-back')) return exitCodes.interrupted
  switch (record.outcome) {
    case 'deployed':
      // It serves, but a pipeline that goes green over it would tell a lie.
      return record.doubt === undefined ? exitCodes.ok : exitCodes.needsPerson
    case 'unchanged':
      return exitCodes.ok
    case 'needs-person':
      return exitCodes.needsPerson
    case 'rolled-back':
      return record.failure?.code === 'INTERRUPTED' ? exitCodes.interrupted : exitCodes.rolledBack
    case 'failed':
      return exitCodeOfFailure(record.failure?.code)
  }
}

/** Whoever rehearses asks whether it can be deployed: what would end there is not merely pending. */
export function exitCodeOfPlan(plan: Plan, rehearsed: boolean): number {
  const row = plan.rehearsal?.report?.row
  if (rehearsed && (row === 'fails' || row === 'refused')) return exitCodes.failedNothingChanged
  return changesPending(plan) ? exitCodes.changesPending : exitCodes.ok
}

export function changesPending(plan: Plan): boolean {
  return (
    plan.current === undefined ||
    plan.state !== 'same' ||
    plan.migration.kind === 'pending' ||
    plan.services.some(service => service.change !== 'same')
  )
}

/** A record may be of another version of Slipway and name a code that this one does not know. */
function exitCodeOfFailure(code: string | undefined): number {
  const known = code !== undefined && Object.hasOwn(errorCatalogue, code)
  return known ? errorCatalogue[code as ErrorCode].exit : exitCodes.failedNothingChanged
}
