import type { Placement } from '../../../config/model.ts'
import type { Plan, PlannedService } from '../../../release/model.ts'
import { SlipwayError } from '../../../support/errors.ts'

/**
 * One plan of all servers: what the deciding one would do with the database, and what changes on each. A service of
 * several servers is one line; where they differ, the one that changes most. Pure.
 */
export function planOfAll(placement: Placement, plans: ReadonlyMap<string, Plan>): Plan {
  const base = plans.get(placement.decides)
  if (base === undefined) throw new SlipwayError('BUG', 'The server that decides made no plan')
  const services = new Map<string, PlannedService>()
  const named = new Set(placement.servers.flatMap(each => each.services))
  for (const { name: server, services: own } of placement.servers) {
    for (const planned of plans.get(server)?.services ?? []) {
      // The image of the migration is there for the migration alone.
      if (named.has(planned.name) && !own.includes(planned.name) && planned.change !== 'removed') continue
      const before = services.get(planned.name)
      const servers = [...(before?.servers ?? []), server]
      services.set(planned.name, { ...strongest(before, planned), servers })
    }
  }
  const states = [...plans.values()].map(({ state }) => state)
  return {
    ...base,
    services: [...services.values()],
    // A server that was just added has nothing yet: what there is elsewhere does not start for the first time.
    state: states.includes('changed') ? 'changed' : base.state,
  }
}

const strength: Record<PlannedService['change'], number> = { same: 0, removed: 1, changed: 2, build: 3, new: 4 }

function strongest(before: PlannedService | undefined, planned: PlannedService): PlannedService {
  return before === undefined || strength[planned.change] > strength[before.change] ? planned : before
}
