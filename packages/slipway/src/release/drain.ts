import type { Release } from './model.ts'
import type { InFlight, Ports } from './ports.ts'

/** Waits until nothing is under way in a release any more; returns what is still open at the limit. */
export function drained(release: Release, ports: DrainPorts, limitMs: number): Promise<InFlight> {
  return drainedOf(open => open.requests + open.webSockets + open.eventStreams === 0, release, ports, limitMs)
}

/** Waits for requests only: WebSockets and event streams do not end by themselves. */
export function requestsDrained(release: Release, ports: DrainPorts, limitMs: number): Promise<InFlight> {
  return drainedOf(open => open.requests === 0, release, ports, limitMs)
}

export type DrainPorts = Pick<Ports, 'clock' | 'edge'>

async function drainedOf(
  isDone: (open: InFlight) => boolean,
  release: Release,
  { clock, edge }: DrainPorts,
  limitMs: number,
): Promise<InFlight> {
  const endsAt = clock.monotonic() + limitMs
  let quietLooks = 0
  for (;;) {
    const open = await edge.inFlight(release)
    // A request that was just handed to the door may not be counted yet: on a busy machine for some time.
    quietLooks = isDone(open) ? quietLooks + 1 : 0
    if (quietLooks === enoughQuietLooks || clock.monotonic() >= endsAt) return open
    await clock.sleep(20)
  }
}

const enoughQuietLooks = 4
