import type { Release } from './model.ts'
import type { Ports } from './ports.ts'

/** Waits until a release has no request under way any more; returns how many are still open at the limit. */
export async function drained(release: Release, { clock, edge }: Ports, limitMs: number): Promise<number> {
  const endsAt = clock.monotonic() + limitMs
  let quietLooks = 0
  for (;;) {
    const open = await edge.inFlight(release)
    // A request that was just handed to the door may not be counted yet: one quiet look is not enough.
    quietLooks = open === 0 ? quietLooks + 1 : 0
    if (quietLooks === 2) return 0
    if (clock.monotonic() >= endsAt) return open
    await clock.sleep(20)
  }
}
