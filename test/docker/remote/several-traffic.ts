import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import type { SeveralServers } from './several-servers.ts'

/**
 * Notes that are written and read through a load balancer of TCP connections, which gives one to each web server in turn.
 * It is on this machine, as nothing else is sent traffic. `stop` ends both.
 */
export async function trafficTo(several: SeveralServers, rate: number): Promise<SeveralTraffic> {
  const addresses = several.places.web.map(name => several.server(name).address)
  let turn = 0
  const balancer = createServer(from => {
    const to = connect({ host: addresses[turn++ % addresses.length] ?? '', port: 8080 })
    from.pipe(to).pipe(from)
    from.on('error', () => to.destroy())
    to.on('error', () => from.destroy())
  })
  balancer.listen(0, '127.0.0.1')
  await once(balancer, 'listening')
  const traffic = startTraffic({
    baseUrl: `http://127.0.0.1:${(balancer.address() as { port: number }).port}`,
    rate,
    timeoutMs: 60_000,
    writes: { path: '/notes', share: 0.4, makeBody: id => ({ id }) },
    reads: [{ path: '/health' }],
  })
  const stop = async (): Promise<void> => {
    await traffic.stop()
    balancer.close()
  }
  return { traffic, stop }
}

export interface SeveralTraffic {
  traffic: Traffic
  stop(): Promise<void>
}
