import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTraffic, type Traffic } from '../../../traffic/traffic.mjs'
import { thorough } from '../sample.ts'
import { SeveralServers } from './several-servers.ts'

/** The app on two servers behind a load balancer, the worker on one, the database on its own, which decides. */
describe.runIf(thorough)('an environment of four servers', () => {
  let four: SeveralServers
  let balancer: Server
  let traffic: Traffic | undefined

  beforeAll(async () => {
    four = await SeveralServers.create({ web: ['a', 'b'], worker: 'c', database: 'd' })
    await four.version(1)
    const first = await four.slipway('deploy', 'prod')
    expect(first.exitCode, first.stderr).toBe(0)
    balancer = balancing([four.a.address, four.b.address])
    balancer.listen(0, '127.0.0.1')
    await once(balancer, 'listening')
    traffic = startTraffic({
      baseUrl: `http://127.0.0.1:${(balancer.address() as { port: number }).port}`,
      rate: 20,
      timeoutMs: 60_000,
      writes: { path: '/notes', share: 0.4, makeBody: id => ({ id }) },
      reads: [{ path: '/health' }],
    })
  }, 420_000)

  afterAll(async () => {
    await traffic?.stop()
    balancer?.close()
    await four?.destroy()
  })

  const all = (version: number, release: string) => ({
    ...{ web: `${version}`, schema: `${version}`, worker: `${version}` },
    releases: [release, release, release, release],
  })

  test('goes to a breaking version everywhere at once, and nobody who asks meets an error', async () => {
    await four.version(2)
    const deployed = await four.slipway('deploy', 'prod')
    expect(deployed.exitCode, deployed.stderr).toBe(0)
    expect(await four.versions()).toEqual(all(2, 'r2'))
    expect(traffic?.summary()).toMatchObject({ failed: 0 })
  }, 240_000)

  test('stays as it was when one of them loses its power before its word', async () => {
    await four.version(3, { workerSeconds: 8 })
    const deploying = four.start(['deploy', 'prod'])
    await four.journalSays(four.server('c'), 'd3', '"step":"start","does"')
    await four.crash(four.server('c'))
    const { exitCode, stderr } = await deploying.ended
    expect(exitCode, stderr).toBe(3)
    await four.atRest()
    expect(await four.versions()).toEqual(all(2, 'r2'))
    expect(traffic?.summary()).toMatchObject({ failed: 0 })
  }, 240_000)

  test('then gets the version after all; nothing that was acknowledged is lost', async () => {
    const again = await four.slipway('deploy', 'prod')
    expect(again.exitCode, again.stderr).toBe(0)
    const { web, schema, worker, releases } = await four.versions()
    expect({ web, schema, worker }).toEqual({ web: '3', schema: '3', worker: '3' })
    expect(new Set(releases).size).toBe(1)
    await traffic?.stop()
    expect(traffic?.summary()).toMatchObject({ failed: 0 })
    expect(await traffic?.verify('/ids')).toMatchObject({ lost: 0 })
  }, 240_000)
})

/** In turns, as a load balancer of connections does it. */
function balancing(addresses: readonly string[]): Server {
  let turn = 0
  return createServer(from => {
    const to = connect({ host: addresses[turn++ % addresses.length] ?? '', port: 8080 })
    from.pipe(to).pipe(from)
    from.on('error', () => to.destroy())
    to.on('error', () => from.destroy())
  })
}
