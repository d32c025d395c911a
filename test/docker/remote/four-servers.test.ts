import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { thorough } from '../sample.ts'
import { SeveralServers } from './several-servers.ts'
import { type SeveralTraffic, trafficTo } from './several-traffic.ts'

/** The app on two servers behind a load balancer, the worker on one, the database on its own, which decides. */
describe.runIf(thorough)('an environment of four servers', () => {
  let four: SeveralServers
  let users: SeveralTraffic | undefined

  beforeAll(async () => {
    four = await SeveralServers.create({ web: ['a', 'b'], worker: 'c', database: 'd' })
    await four.version(1)
    const first = await four.slipway('deploy', 'prod')
    expect(first.exitCode, first.stderr).toBe(0)
    users = await trafficTo(four, 20)
  }, 420_000)

  afterAll(async () => {
    await users?.stop()
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
    expect(users?.traffic.summary()).toMatchObject({ failed: 0 })
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
    expect(users?.traffic.summary()).toMatchObject({ failed: 0 })
  }, 240_000)

  test('then gets the version after all; nothing that was acknowledged is lost', async () => {
    const again = await four.slipway('deploy', 'prod')
    expect(again.exitCode, again.stderr).toBe(0)
    const { web, schema, worker, releases } = await four.versions()
    expect({ web, schema, worker }).toEqual({ web: '3', schema: '3', worker: '3' })
    expect(new Set(releases).size).toBe(1)
    await users?.traffic.stop()
    expect(users?.traffic.summary()).toMatchObject({ failed: 0 })
    expect(await users?.traffic.verify('/ids')).toMatchObject({ lost: 0 })
  }, 240_000)
})
