import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openAgreement } from '../../../src/cli/wiring/agreement.ts'
import { openPath } from '../../../src/cli/wiring/database-path.ts'
import type { EnvironmentConfig, PlacedServer } from '../../../src/config/model.ts'
import { agreementPlace } from '../../../src/runner/agreement/place.ts'
import { keepWay, readWay, wayOf } from '../../../src/runner/agreement/way.ts'
import { layout } from '../../../src/store/layout.ts'

const key = 'd1@2026-11-21T10:00:00.000Z'
const servers: Server[] = []
let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-several-'))
  const place = { image: 'slipway-runner:1', home, folders: [], files: [] }
  vi.stubEnv('SLIPWAY_RUNNER_PLACE', JSON.stringify(place))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const server of servers.splice(0)) server.close()
  await rm(home, { recursive: true, force: true })
})

function configOn(here: string, deciding: Partial<PlacedServer> = {}): EnvironmentConfig {
  const server = (name: string, services: string[]) => ({ name, host: `${name}.example`, port: 22, services })
  const all = [server('a', ['api']), { ...server('d', ['db']), privateAddress: '127.0.0.1', ...deciding }]
  return { placement: { servers: all, decides: 'd', database: 'db', here } } as unknown as EnvironmentConfig
}

describe('how a server agrees with the others', () => {
  test('by what it is: the one that decides waits for all others', async () => {
    const config = configOn('d')
    expect(await openAgreement(config, layout('shop-prod', home), undefined)).toMatchObject({
      role: 'decides',
      servers: ['a'],
    })
    expect(await openAgreement({} as EnvironmentConfig, layout('shop-prod', home), undefined)).toBeUndefined()
  })

  test('a follower that was never told the way says so, and nothing is tried', async () => {
    const follows = await openAgreement(configOn('a'), layout('shop-prod', home), key)
    if (follows?.role !== 'follows') throw new Error('it follows')
    expect(follows).toMatchObject({ server: 'a', key })
    await expect(follows.ask(key)).rejects.toMatchObject({
      code: 'ELSEWHERE_FAILED',
      why: 'This server does not know how to reach the one that decides',
    })
  })
})

describe('the way to the server that decides', () => {
  const way = {
    name: 'd',
    user: 'deploy',
    port: 2222,
    host: '10.0.0.4',
    hostKeys: [{ type: 'ssh-ed25519', key: 'AAAA' }],
  }

  test('is kept as it was told', async () => {
    const file = agreementPlace(layout('shop-prod', home)).way
    await keepWay(file, { ...way, ProxyCommand: 'touch /tmp/x' })
    expect(await readWay(file)).toEqual(way)
  })

  test.each([
    ['no address', { host: '-oProxyCommand=touch' }],
    ['a name for an address', { host: 'localhost' }],
    ['no user', { user: '-x' }],
    ['no port', { port: 70_000 }],
    ['no keys', { hostKeys: [] }],
    ['a key that is none', { hostKeys: [{ type: 'ssh-ed25519', key: 'AAAA\n* ssh-rsa BBBB' }] }],
    ['no name', { name: '../d' }],
  ])('%s: it is none', (_, changed) => {
    expect(wayOf({ ...way, ...changed })).toBeUndefined()
  })
})

describe('before anything changes', () => {
  async function greeting(text: string): Promise<number> {
    const server = createServer(socket => socket.end(text)).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  test('the private address is one of the server that decides', async () => {
    await openPath(configOn('d'))?.check(undefined)
    await expect(openPath(configOn('d', { privateAddress: '192.0.2.7' }))?.check(undefined)).rejects.toMatchObject({
      code: 'ELSEWHERE_FAILED',
      message: '192.0.2.7 is no address of d',
    })
  })

  test('it is reached from every other', async () => {
    const port = await greeting('SSH-2.0-OpenSSH\r\n')
    await openPath(configOn('a', { port }))?.check(undefined)
  })

  test('something else at that address is not it', async () => {
    const port = await greeting('HTTP/1.1 400 Bad Request\r\n')
    await expect(openPath(configOn('a', { port }))?.check(undefined)).rejects.toMatchObject({
      code: 'ELSEWHERE_FAILED',
      why: `its private address, 127.0.0.1 port ${port}: something else answers there`,
    })
  })

  test('one server has nobody to reach', () => {
    expect(openPath({} as EnvironmentConfig)).toBeUndefined()
  })
})
