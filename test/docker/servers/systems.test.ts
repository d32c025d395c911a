import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkServer } from '../../../packages/slipway/src/servers/setup/check.ts'
import type { Connection } from '../../../packages/slipway/src/servers/ssh/connection.ts'
import { thorough } from '../sample.ts'
import { scan, TestServer, wishes } from './lab.ts'
import { setUp } from './lock-outs.ts'

const systems = [
  ['Debian 13', 'trixie'],
  ['Ubuntu 22.04', 'jammy'],
  ['Ubuntu 24.04', 'noble'],
] as const

// Debian 12 is looked at from all sides in set-up.test.ts.
describe.runIf(thorough).each(systems)('a bare %s', (_title, release) => {
  let server: TestServer
  let connection: Connection

  beforeAll(async () => {
    server = await TestServer.start({ release })
    connection = await server.logIn()
  }, 900_000)
  afterAll(async () => {
    await connection?.close()
    await server?.stop()
  })

  const pending = async (): Promise<string[]> => {
    const { findings } = await checkServer(connection, wishes)
    return findings.filter(({ state }) => state === 'pending').map(({ id }) => id)
  }

  test('becomes a server that takes deployments, by exactly the changes that the check foretold', async () => {
    const foretold = await pending()
    expect(foretold.length).toBeGreaterThan(45)
    const done = await setUp(server, connection)
    expect(done.changed.map(({ id }) => id)).toEqual(foretold)
    expect(await pending()).toEqual([])
    await server.proveLogin()
    await expect(server.logIn('root')).rejects.toMatchObject({ code: 'LOGIN_REFUSED' })
  }, 900_000)

  test('a second set-up changes nothing', async () => {
    expect((await setUp(server, connection)).changed).toEqual([])
  })

  test('keeps all of it over a reboot, and shows strangers the allowed ports alone', async () => {
    await connection.close()
    await server.lab.reboot()
    connection = await server.logIn()
    await server.inside('until docker version >/dev/null 2>&1; do sleep 0.2; done; docker compose version')
    expect(await pending()).toEqual([])
    await server.publish([5432, 80])
    expect(await scan(server.lab.address, [22, 25, 53, 80, 111, 443, 2375, 5432])).toEqual([22, 80, 443])
  })
})
