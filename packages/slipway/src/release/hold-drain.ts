import { SlipwayError } from '../support/errors.ts'
import { counted } from './counted.ts'
import { withinHold, type Context } from './context.ts'
import { requestsDrained } from './drain.ts'
import type { Release } from './model.ts'
import { expectedHoldSeconds } from './rehearsal.ts'

/**
 * What began before a hold ends with the old release, for the fence would cut it off in the middle. When requests go on
 * for so long that the rest would no longer fit into the hold, the hold ends, and nothing was done. WebSockets would go
 * on for ever, without a database: they get a close frame, and clients that come again wait like all others.
 */
export async function drainForHold(context: Context, current: Release): Promise<void> {
  const { ports, note } = context
  const limitMs = withinHold(context, context.plan.config.hold.limitMs) - restMs(context)
  const open = await requestsDrained(current, ports, Math.max(0, limitMs))
  if (open.requests > 0) throw stillBusy(context, current, open.requests)
  if (open.webSockets > 0) {
    await ports.edge.closeWebSockets(current)
    note(`${counted(open.webSockets, 'WebSocket was', 'WebSockets were')} told to come again`)
  }
  if (open.eventStreams > 0) {
    const streams = counted(open.eventStreams, 'event stream stays', 'event streams stay')
    note(`${streams} with ${current.id}, which has no database from here on`)
  }
}

/** What comes after it: as the rehearsal measured it, or what it is for small apps. */
function restMs({ facts, plan }: Context): number {
  const { rehearsal } = facts
  return rehearsal === undefined ? usualRestMs : expectedHoldSeconds(rehearsal, plan.database?.bytes) * 1000
}

const usualRestMs = 5000

function stillBusy({ plan, ports, heldAt }: Context, current: Release, requests: number): SlipwayError {
  const waited = heldAt === undefined ? '' : ` after ${Math.round((ports.clock.monotonic() - heldAt) / 1000)} s`
  return new SlipwayError(
    'HOLD_TOO_LONG',
    `${counted(requests, 'request', 'requests')} of before the hold went on for too long`,
    {
      why: `${requests === 1 ? 'it was' : 'they were'} still under way${waited}, would lose the database, and the rest must fit into the hold of ${plan.config.hold.limitMs / 1000} s`,
      state: `${current.id} goes on serving, and nothing was cut off`,
      next: 'Deploy when no such long requests are under way, or raise hold.limit.',
    },
  )
}
