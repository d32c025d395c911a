import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { thorough } from '../sample.ts'
import { SeveralServers } from './several-servers.ts'
import { type SeveralTraffic, trafficTo } from './several-traffic.ts'

/** From a laptop to two servers: the web service on `a`, its database and its worker on `b`, which decides. */
describe('an environment of two servers', () => {
  let two: SeveralServers
  let users: SeveralTraffic | undefined

  beforeAll(async () => {
    two = await SeveralServers.create()
    await two.version(1)
    const first = await two.slipway('deploy', 'prod', '--json')
    expect(first.exitCode, first.stderr).toBe(0)
    users = await trafficTo(two, 10)
  }, 300_000)

  afterAll(async () => {
    await users?.stop()
    await two?.destroy()
  })

  test('goes to a new version on both at once, and nobody who asks the one meets an error', async () => {
    await two.version(2)
    const plan = await two.json('plan', 'prod')
    expect(plan.exitCode, plan.stderr).toBe(6)
    expect(plan.result).toMatchObject({
      migration: { kind: 'pending' },
      services: [
        { name: 'web', servers: ['a'] },
        { name: 'db', servers: ['b'] },
        { name: 'worker', servers: ['b'] },
      ],
    })
    const deployed = await two.json('deploy', 'prod')
    expect(deployed.exitCode, deployed.stderr).toBe(0)
    expect(deployed.result).toMatchObject({
      outcome: 'deployed',
      release: 'r2',
      servers: [
        { server: 'b', decides: true, outcome: 'deployed', release: 'r2' },
        { server: 'a', decides: false, outcome: 'deployed', release: 'r2' },
      ],
    })
    expect(deployed.stderr).toMatch(/^\S+ b {8}migrate {3}done/m)
    expect(deployed.stderr).toMatch(/^\S+ a {8}gate {6}done/m)
    expect(await two.versions()).toEqual({ web: '2', schema: '2', worker: '2', releases: ['r2', 'r2'] })
    expect(users?.traffic.summary().failed).toBe(0)
  })

  test('has nothing to do when nothing is to be done on any of them', async () => {
    const again = await two.json('deploy', 'prod')
    expect(again.exitCode, again.stderr).toBe(0)
    expect(again.result).toMatchObject({
      outcome: 'unchanged',
      servers: [{ outcome: 'unchanged' }, { outcome: 'unchanged' }],
    })
  })

  test.runIf(thorough)('is looked at as one', async () => {
    const [status, logs, history, backup] = await Promise.all([
      two.json('status', 'prod'),
      two.json('logs', 'prod'),
      two.json('history', 'prod'),
      two.json('backup', 'prod'),
    ])
    expect(status.result).toMatchObject({
      current: { release: 'r2' },
      database: { reachable: true },
      servers: [
        { server: 'a', decides: false, release: 'r2', edge: { live: 'r2' } },
        { server: 'b', decides: true, release: 'r2' },
      ],
    })
    const services = status.result['services'] as { server: string; name: string }[]
    expect(services.map(({ server, name }) => `${server} ${name}`)).toEqual(['a web', 'b db', 'b worker'])
    const lines = logs.result as unknown as { server: string; service: string }[]
    expect(new Set(lines.map(({ server, service }) => `${server} ${service}`))).toEqual(
      new Set(['a web', 'b db', 'b worker']),
    )
    expect(history.result).toMatchObject([{ outcome: 'unchanged' }, { release: 'r2' }, { release: 'r1' }])
    expect(backup.result).toMatchObject({ kind: 'daily' })
    const there = await two.slipway('exec', 'prod', 'web', '--server', 'a', '--', 'printenv', 'VERSION')
    expect(there).toMatchObject({ exitCode: 0, stdout: '2\n' })
    const elsewhere = await two.slipway('exec', 'prod', 'web', '--server', 'b', '--', 'true')
    expect(elsewhere.exitCode).toBe(2)
    expect(elsewhere.stderr).toContain('it runs on a')
  })

  test.runIf(thorough)('goes back on both at once', async () => {
    await two.version(2, { workerSeconds: 1 })
    const next = await two.json('deploy', 'prod')
    expect(next.exitCode, next.stderr).toBe(0)
    const back = await two.json('rollback', 'prod')
    expect(back.exitCode, back.stderr).toBe(0)
    expect(back.result).toMatchObject({
      outcome: 'deployed',
      release: 'r2',
      servers: [{ release: 'r2' }, { release: 'r2' }],
    })
    expect(await two.versions()).toEqual({ web: '2', schema: '2', worker: '2', releases: ['r2', 'r2'] })
    expect(users?.traffic.summary().failed).toBe(0)
  })

  test.runIf(thorough)('starts nothing when one of them can not be reached', async () => {
    await two.version(3)
    const before = await two.json('history', 'prod')
    await two.a.inside(['systemctl', 'stop', 'ssh'])
    const away = await two.json('deploy', 'prod')
    expect(away.exitCode, away.stderr).toBe(1)
    expect(away.error).toMatchObject({ code: 'SERVER_UNREACHABLE', state: 'nothing was started on any server' })
    const status = await two.json('status', 'prod')
    expect(status.exitCode).toBe(0)
    expect(status.result['servers']).toMatchObject([{ server: 'a', unreachable: expect.any(String) }, { server: 'b' }])
    await two.a.inside(['systemctl', 'start', 'ssh'])
    expect((await two.json('history', 'prod')).result).toEqual(before.result)
  })

  test.runIf(thorough)('brings a service to the other server too: both answer with the same version', async () => {
    await two.version(3, { places: { ...two.places, web: ['a', 'b'] } })
    const deployed = await two.json('deploy', 'prod')
    expect(deployed.exitCode, deployed.stderr).toBe(0)
    const answers = await Promise.all(
      [two.a, two.b].map(async ({ address }) => (await fetch(`http://${address}:8080/health`)).json()),
    )
    expect(answers).toMatchObject([{ version: '3' }, { version: '3' }])
    const anywhere = await two.slipway('exec', 'prod', 'web', '--', 'true')
    expect(anywhere.exitCode).toBe(2)
    expect(anywhere.stderr).toContain('it runs on a, b')
    expect(users?.traffic.summary().failed).toBe(0)
  })

  test.runIf(thorough)(
    'ends all old or all new when the laptop dies as soon as the first runner is started',
    async () => {
      await two.version(4, { places: { ...two.places, web: ['a', 'b'] } })
      const laptop = two.start(['deploy', 'prod'], line => {
        if (/ b +deploy +started/.test(line)) laptop.child.kill('SIGKILL')
      })
      await laptop.ended
      const seen = await two.json('attach', 'prod')
      const { releases, web, worker, schema } = await two.versions()
      expect(new Set(releases).size, JSON.stringify(seen)).toBe(1)
      expect([String(web), worker]).toEqual([schema, schema])
      expect(users?.traffic.summary().failed).toBe(0)
    },
  )
})
