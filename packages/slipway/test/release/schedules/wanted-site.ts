import type { Event } from '../../../src/release/events.ts'
import type { DeploymentId } from '../../../src/release/model.ts'
import type { Server } from './server.ts'

/** Of which release the site has to be that the front has loaded: of the last one that came to serve, or was found to serve already. */
export function wantedSite(server: Server): string | undefined {
  let wanted: string | undefined
  for (const id of server.journals.keys()) wanted = siteBy(server, id) ?? wanted
  return wanted
}

/** Undefined: it ended all-old. */
function siteBy(server: Server, id: DeploymentId): string | undefined {
  const record = server.records.get(id)
  if (record === undefined) return undefined
  const lines = (server.journals.get(id) ?? []).filter(({ type }) => type === 'planned' || type === 'step-fact')
  const events = lines.map(({ text }) => JSON.parse(text) as Event)
  const plan = events.find(event => event.type === 'planned')?.plan
  if (events.some(event => event.type === 'step-fact' && event.facts.unchanged === true)) return plan?.current
  return record.outcome === 'deployed' ? record.release : undefined
}
