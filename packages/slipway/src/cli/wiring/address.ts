import type { EnvironmentConfig } from '../../config/model.ts'
import { edgeLayout } from '../../edge/layout.ts'
import { listensOf } from '../../edge/front-listens.ts'
import { runningConfig } from '../../edge/front-container.ts'
import { proveFree } from '../../edge/listeners.ts'

/** Throws PORT_IN_USE when somebody else than our own edge listens where the app wants to be served. */
export async function proveAddressFree(
  config: EnvironmentConfig,
  edge: { directory: string; edgeName?: string; image?: string },
): Promise<void> {
  const { mode, listen } = config.edge
  const wanted = mode === 'address' ? (listen === undefined ? [] : [listen]) : mode === 'domains' ? domainPorts : []
  if (wanted.length === 0) return
  const name = edge.edgeName ?? 'slipway-edge'
  const front = { name, image: edge.image ?? 'caddy:2', volume: `${name}-data`, layout: edgeLayout(edge.directory) }
  const served = new Set(listensOf(await runningConfig(front)).map(address => address.port))
  for (const address of wanted) if (!served.has(address.port)) await proveFree(address)
}

const domainPorts = [
  { host: '0.0.0.0', port: 80 },
  { host: '0.0.0.0', port: 443 },
]
