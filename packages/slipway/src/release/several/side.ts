import type { Context } from '../context.ts'
import type { AgreementKey, Deciding, Following } from './agreement.ts'

/** On which side of an agreement this deployment is; undefined: its environment has one server. */
export type Side = (Deciding & { key: AgreementKey }) | Following

/** What was agreed at its beginning counts, not what slipway.yaml says by now. */
export function sideOf({ facts, ports }: Pick<Context, 'facts' | 'ports'>): Side | undefined {
  const { agreement } = facts
  const port = ports.agreement
  if (agreement === undefined || port === undefined || port.role !== agreement.role) return undefined
  return { ...port, key: agreement.key }
}

/** Between two questions. */
export const paceMs = 250
/** A server that works says so all the time: one that is silent for this long is dead, or can not be reached. */
export const silenceMs = 30_000
