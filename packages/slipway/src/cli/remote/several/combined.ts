import type { DeploymentRecord } from '../../../release/model.ts'
import type { SlipwayError } from '../../../support/errors.ts'
import type { Carried, CarriedOn } from '../../application.ts'
import { onServer } from './server-error.ts'

/** How it ended on one server; an error: it is not known, or it did not begin. */
export type Ending =
  | { server: string; record: DeploymentRecord }
  | { server: string; error: SlipwayError; begun?: false }

/**
 * How a deployment of several servers came out. What the deciding one says counts; a server that is not where it should
 * be makes a doubt of it. Pure.
 */
export function combined(decided: Ending, followed: readonly Ending[]): Carried {
  // A server that could not begin is the cause of all that followed.
  const cause = followed.find(ending => 'error' in ending && ending.begun === false)
  if ('error' in decided) throw decided.error
  if (cause !== undefined && 'error' in cause && !isNew(decided.record))
    throw onServer(cause.server, cause.error, stateAfter(decided.record))
  const servers = [told(decided, true), ...followed.map(ending => told(ending, false))]
  const { record } = decided
  if (isNew(record)) {
    const behind = servers.filter(each => each.outcome === undefined || !good.has(each.outcome))
    const doubt = [record.doubt, ...behind.map(doubtOf)].filter(text => text !== undefined)
    return { ...record, ...(doubt.length === 0 ? {} : { doubt: doubt.join('\n') }), servers }
  }
  const outcomes = servers.flatMap(({ outcome }) => outcome ?? [])
  const worst = (['needs-person', 'rolled-back'] as const).find(each => outcomes.includes(each))
  return { ...record, ...(worst === undefined ? {} : { outcome: worst }), servers }
}

const good = new Set<DeploymentRecord['outcome']>(['deployed', 'unchanged'])

function isNew({ outcome }: DeploymentRecord): boolean {
  return good.has(outcome)
}

function stateAfter({ outcome }: DeploymentRecord): string {
  return outcome === 'needs-person'
    ? 'the way back failed elsewhere: see slipway status'
    : 'nothing was changed on any server'
}

function told(ending: Ending, decides: boolean): CarriedOn {
  const { server } = ending
  if ('error' in ending) return { server, decides, why: ending.error.message }
  const { outcome, release, failure } = ending.record
  return {
    server,
    decides,
    outcome,
    ...(release === undefined ? {} : { release }),
    ...(failure === undefined ? {} : { why: failure.message }),
  }
}

function doubtOf({ server, outcome, why }: CarriedOn): string {
  const known = outcome === undefined ? 'how it ended there is not known' : `it ended there as ${outcome}`
  return `${server}: ${known}${why === undefined ? '' : ` (${why})`}`
}
