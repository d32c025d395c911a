import { expect, test } from 'vitest'
import type { PlacedServer, Placement } from '../../../src/config/model.ts'
import { introduceFollowers, type Introduction } from '../../../src/cli/remote/introduce.ts'

const server = (name: string, services: string[], more: Partial<PlacedServer> = {}): PlacedServer => ({
  name,
  host: `${name}.example`,
  user: 'deploy',
  port: 2222,
  adminAddresses: [],
  openPorts: [],
  swapMegabytes: 0,
  home: '/var/lib/slipway',
  services,
  ...more,
})
const placement: Placement = {
  servers: [server('a', ['api']), server('d', ['db'], { privateAddress: '10.0.0.4' })],
  decides: 'd',
  database: 'db',
}
const hostKeysOfDeciding = [{ type: 'ssh-ed25519', key: 'AAAA' }]

/** Sessions that answer as servers would, and what was asked of them. */
function sessions(exitCode = 0) {
  const asked: unknown[] = []
  const session = (name: string) =>
    ({
      ask: async (call: string, sent: object) => {
        asked.push([name, call, sent])
        if (call === 'followerKey') return { publicKey: `key of ${name}` }
        return call === 'admit' ? { mark: 'slipway-agreement:shop-prod:', lines: ['a line'] } : null
      },
      connection: {
        script: async (_text: string, parameters: string[]) => {
          asked.push([name, 'script', parameters])
          return { exitCode, stdout: '', stderr: 'first\nno space left on device\n', timedOut: false }
        },
      },
    }) as unknown as Introduction['deciding']
  return { asked, deciding: session('d'), followers: new Map([['a', session('a')]]) }
}

test('keys go to the server that decides, and how it is reached to the others, when they are let in', async () => {
  const { asked, ...both } = sessions()
  await introduceFollowers({ ...both, placement, hostKeysOfDeciding })
  expect(asked).toEqual([
    ['a', 'followerKey', {}],
    ['d', 'admit', { followers: { a: 'key of a' } }],
    ['d', 'script', ['slipway-agreement:shop-prod:', 'a line']],
    [
      'a',
      'introduce',
      { way: { name: 'd', user: 'deploy', port: 2222, host: '10.0.0.4', hostKeys: hostKeysOfDeciding } },
    ],
  ])
})

test('who is not let in is not told anything, and nothing is started', async () => {
  const { asked, ...both } = sessions(1)
  await expect(introduceFollowers({ ...both, placement, hostKeysOfDeciding })).rejects.toMatchObject({
    code: 'SERVER_COMMAND_FAILED',
    why: 'no space left on device',
    state: 'nothing was changed',
  })
  expect(asked).not.toContainEqual(expect.arrayContaining(['introduce']))
})
