import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../release/ports.ts'
import type { Layout } from '../../store/layout.ts'

/** SLIPWAY_EDGE_NAME and SLIPWAY_EDGE_IMAGE are for servers that run more than one edge, or another build of Caddy. */
export function edgeOptions(layout: Layout): { directory: string; edgeName?: string; image?: string } {
  const name = process.env['SLIPWAY_EDGE_NAME']
  const image = process.env['SLIPWAY_EDGE_IMAGE']
  return {
    directory: layout.edge,
    ...(name === undefined || name === '' ? {} : { edgeName: name }),
    ...(image === undefined || image === '' ? {} : { image }),
  }
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error
    }),
}
