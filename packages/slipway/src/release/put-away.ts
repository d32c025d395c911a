import { webServices } from './context.ts'
import { counted } from './counted.ts'
import { drained } from './drain.ts'
import type { Release } from './model.ts'
import type { InFlight, Ports } from './ports.ts'

/**
 * Stops and removes a release to which no new request comes. What is under way has until the limit. Then WebSockets get
 * a close frame, and the app is told to stop while its door is still open: whatever it ends properly within its grace
 * period ends properly for its clients, too. Safe to repeat. Says what was still open, if anything.
 */
export async function putAway(release: Release, ports: PutAwayPorts, limitMs: number): Promise<string | undefined> {
  const { edge, engine } = ports
  if (webServices(release).length === 0) {
    await engine.remove(release, 'gracefully')
    return undefined
  }
  const open = await drained(release, ports, limitMs)
  if (open.webSockets > 0) await edge.closeWebSockets(release)
  await engine.remove(release, 'gracefully', () => edge.closeDoor(release))
  return told(release, open)
}

export type PutAwayPorts = Pick<Ports, 'clock' | 'edge' | 'engine'>

function told(release: Release, { requests, webSockets, eventStreams }: InFlight): string | undefined {
  const open = [
    ...(requests === 0 ? [] : [`${counted(requests, 'request', 'requests')} cut off`]),
    ...(webSockets === 0 ? [] : [`${counted(webSockets, 'WebSocket', 'WebSockets')} closed with a close frame`]),
    ...(eventStreams === 0 ? [] : [`${counted(eventStreams, 'event stream', 'event streams')} ended`]),
  ]
  return open.length === 0 ? undefined : `${release.id} stopped at the drain limit: ${open.join(', ')}`
}
